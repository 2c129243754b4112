// Reset and traps of RISC-V, machine mode.
  .section .reset, "ax"
  .globl chip_reset
chip_reset:
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  la sp, chip_stack_top
#ifdef __riscv_flen
  li t0, 0x6000  // mstatus.FS
  csrs mstatus, t0
#endif
  la t0, chip_trap
  csrw mtvec, t0
  call chip_start

  .balign 64
chip_trap:  // semihosting's SYS_EXIT_EXTENDED with code 99
  li a0, 0x20
  la a1, 1f
  .balign 16
  .option norvc
  slli x0, x0, 0x1f
  ebreak
  srai x0, x0, 7
  j chip_trap
  .balign 4
1:
  .word 0x20026, 99

  .section .note.GNU-stack, "", @progbits
