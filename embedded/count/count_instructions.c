/* A plugin for QEMU that counts the guest's instructions between two addresses, exactly, whatever else the machine
 * does:
 *
 *   qemu-system-… -plugin count_instructions.so,begin=0x1234,end=0x5678 -d plugin -D counts.txt
 *
 * begin and end are where a stretch starts and stops being counted: the addresses of two functions that do nothing.
 * At the end it writes "stretches N total N least N most N". QEMU 7.2's interface is declared here, since Debian ships
 * no header of it; see https://www.qemu.org/docs/master/devel/tcg-plugins.html */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { QEMU_PLUGIN_CB_NO_REGS = 0, QEMU_PLUGIN_INLINE_ADD_U64 = 0 };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*on)(qemu_plugin_id_t, struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn* insn, void (*on)(unsigned, void*), int flags,
                                            void* user);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn* insn, int operation, void* pointer,
                                                uint64_t operand);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*on)(qemu_plugin_id_t, void*), void* user);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* tb);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb* tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn* insn);
void qemu_plugin_outs(const char* text);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info* info, int argc, char** argv);

static uint64_t begin_address, end_address;
static uint64_t executed, started_at, stretches, total, least, most;
static bool counting;

static void on_begin(unsigned cpu, void* user) {
  (void)cpu, (void)user;
  started_at = executed;
  counting = true;
}

static void on_end(unsigned cpu, void* user) {
  (void)cpu, (void)user;
  if (!counting) return;
  counting = false;
  const uint64_t count = executed - started_at;
  if (stretches == 0 || count < least) least = count;
  if (count > most) most = count;
  total += count;
  ++stretches;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb* tb) {
  (void)id;
  const size_t count = qemu_plugin_tb_n_insns(tb);
  for (size_t i = 0; i < count; ++i) {
    struct qemu_plugin_insn* insn = qemu_plugin_tb_get_insn(tb, i);
    const uint64_t address = qemu_plugin_insn_vaddr(insn);
    if (address == begin_address) qemu_plugin_register_vcpu_insn_exec_cb(insn, on_begin, QEMU_PLUGIN_CB_NO_REGS, NULL);
    if (address == end_address) qemu_plugin_register_vcpu_insn_exec_cb(insn, on_end, QEMU_PLUGIN_CB_NO_REGS, NULL);
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &executed, 1);
  }
}

static void at_end(qemu_plugin_id_t id, void* user) {
  (void)id, (void)user;
  char line[160];
  snprintf(line, sizeof line, "stretches %" PRIu64 " total %" PRIu64 " least %" PRIu64 " most %" PRIu64 "\n", stretches,
           total, least, most);
  qemu_plugin_outs(line);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info* info, int argc, char** argv) {
  (void)info;
  for (int i = 0; i < argc; ++i) {
    /* The lowest bit of a Thumb function's address says only that it is one. */
    if (strncmp(argv[i], "begin=", 6) == 0) begin_address = strtoull(argv[i] + 6, NULL, 16) & ~UINT64_C(1);
    if (strncmp(argv[i], "end=", 4) == 0) end_address = strtoull(argv[i] + 4, NULL, 16) & ~UINT64_C(1);
  }
  if (begin_address == 0 || end_address == 0) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, at_end, NULL);
  return 0;
}
