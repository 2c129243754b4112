// pellucid_mac16_row of mac16_row.hpp: a product takes one instruction, which loads the next two numbers on the way. Sums
// are 256 times what they are, in the 40 bits of the accumulator. Up to 4 bytes behind x and w are read.

// y = (v (v < 0 ? negative : multiplier) + 2^13) >> 14 plus `count` residuals, limited; then the next row of x.
.macro ROWS count
1:
  l32i a13, a15, 44
  l32i a14, a15, 48
  wsr a13, acclo
  wsr a14, acchi
  addi a13, a2, -4
  addi a14, a6, -4
  ldinc m0, a14
  ldinc m2, a13
  loopnez a5, 2f
  mula.dd.ll.ldinc m1, a14, m0, m2
  mula.dd.hh.ldinc m3, a13, m0, m2
  mula.dd.ll.ldinc m0, a14, m1, m3
  mula.dd.hh.ldinc m2, a13, m1, m3
2:
  rsr a13, acclo
  rsr a14, acchi
  src a13, a14, a13
  clamps a13, a13, 17
  mov a14, a7
  movltz a14, a8, a13
  mull a13, a13, a14
  addmi a13, a13, 8192
  srai a13, a13, 14
.if \count > 0
  l16si a14, a9, 0
  add a9, a9, a12
  add a13, a13, a14
.endif
.if \count > 1
  l16si a14, a10, 0
  add a10, a10, a12
  add a13, a13, a14
.endif
  l32i a14, a15, 56
  clamps a13, a13, 15
  max a13, a13, a14
  s16i a13, a11, 0
  add a11, a11, a12
  add a2, a2, a4
  addi a3, a3, -1
  bnez a3, 1b
.endm

  .text
  .globl pellucid_mac16_row
  .type pellucid_mac16_row, @function
  .align 4
pellucid_mac16_row:
  entry a1, 32
  mov a15, a2
  l32i a13, a15, 52
  ssr a13
  l32i a2, a15, 0
  l32i a3, a15, 4
  l32i a4, a15, 8
  l32i a5, a15, 12
  l32i a6, a15, 16
  l32i a7, a15, 20
  l32i a8, a15, 24
  l32i a9, a15, 28
  l32i a10, a15, 32
  l32i a11, a15, 36
  l32i a12, a15, 40
  beqz a3, .Ldone
  beqz a9, .Lnone
  bnez a10, .Ltwo
  ROWS 1
  retw
.Lnone:
  ROWS 0
  retw
.Ltwo:
  ROWS 2
.Ldone:
  retw
  .size pellucid_mac16_row, . - pellucid_mac16_row

  .section .note.GNU-stack, "", @progbits
