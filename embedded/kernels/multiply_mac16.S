// pellucid_multiply_rows of nn/integer_kernels.hpp for Xtensa's MAC16 (ESP32): 2.1 instructions a product.
//
// Of every row, four columns are a word of the bytes w2 w0 w3 w1 (WeightOrder::kMac16 of the exporter), so that one mask
// leaves 256 w0 and 256 w1 in the two halves, and another after a shift 256 w2 and 256 w3. A multiplication by a half
// loads the next two x on the way. The accumulator of 40 bits holds 256 times the sum, which fits 32 bits by the
// contract: nothing is lost. columns is a multiple of 4; w and x are aligned to 4; up to 4 bytes behind x are read.
  .text
  .globl pellucid_multiply_rows
  .type pellucid_multiply_rows, @function
  .align 4
// a2: w, a3: x, a4: rows, a5: columns, a6: sums
pellucid_multiply_rows:
  entry a1, 32
  beqz a4, .Ldone
  movi a15, -1
  slli a15, a15, 8
  extui a14, a15, 0, 16
  slli a15, a14, 16
  or a15, a15, a14          // 0xff00ff00
  movi a14, 0
  srli a12, a5, 3           // turns of eight columns
  extui a13, a5, 2, 1       // and a turn of four
  ssai 8
.Lrow:
  wsr a14, acclo
  wsr a14, acchi
  addi a11, a3, -4
  ldinc m0, a11
  loopnez a12, .Lturned
  l32i a8, a2, 0
  and a9, a8, a15
  mula.da.ll.ldinc m1, a11, m0, a9
  mula.da.hh m0, a9
  slli a8, a8, 8
  and a8, a8, a15
  mula.da.ll.ldinc m0, a11, m1, a8
  mula.da.hh m1, a8
  l32i a8, a2, 4
  addi a2, a2, 8
  and a9, a8, a15
  mula.da.ll.ldinc m1, a11, m0, a9
  mula.da.hh m0, a9
  slli a8, a8, 8
  and a8, a8, a15
  mula.da.ll.ldinc m0, a11, m1, a8
  mula.da.hh m1, a8
.Lturned:
  beqz a13, .Lwhole
  l32i a8, a2, 0
  addi a2, a2, 4
  and a9, a8, a15
  mula.da.ll.ldinc m1, a11, m0, a9
  mula.da.hh m0, a9
  slli a8, a8, 8
  and a8, a8, a15
  mula.da.ll m1, a8
  mula.da.hh m1, a8
.Lwhole:
  rsr a8, acclo
  rsr a9, acchi
  l32i a10, a6, 0
  src a8, a9, a8            // acchi acclo >> 8
  add a8, a8, a10
  s32i a8, a6, 0
  addi a6, a6, 4
  addi a4, a4, -1
  bnez a4, .Lrow
.Ldone:
  retw
  .size pellucid_multiply_rows, . - pellucid_multiply_rows

  .section .note.GNU-stack, "", @progbits
