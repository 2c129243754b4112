// Reset, register windows and exceptions of Xtensa (Instruction Set Architecture reference manual, 4.7.1.4 and 5.8).
#define SIMCALL .byte 0x00, 0x51, 0x00

  .section .reset, "ax"
  .align 4
  .globl chip_reset
chip_reset:
  j start
  .align 4
.Lvectors: .long chip_vectors
.Lstate: .long 0x0004002f  // PS: windowed calls, user mode, no interrupts
.Lstack: .long chip_stack_top
.Lchip_start: .long chip_start

start:
  movi a2, 0
  wsr a2, windowbase
  movi a2, 1
  wsr a2, windowstart
  rsync
  l32r a2, .Lvectors
  wsr a2, vecbase
  l32r a2, .Lstate
  wsr a2, ps
  movi a2, 255
  wsr a2, cpenable
  rsync
  movi a0, 0
  l32r a1, .Lstack
  l32r a2, .Lchip_start
  callx4 a2

// A call deeper than the register file spills the oldest window to its stack; a return takes it back.
  .section .vectors, "ax"
  .align 4
  .org 0x00  // overflow of 4 registers
  s32e a0, a5, -16
  s32e a1, a5, -12
  s32e a2, a5, -8
  s32e a3, a5, -4
  rfwo
  .org 0x40  // underflow of 4
  l32e a0, a5, -16
  l32e a1, a5, -12
  l32e a2, a5, -8
  l32e a3, a5, -4
  rfwu
  .org 0x80  // overflow of 8
  s32e a0, a9, -16
  l32e a0, a1, -12
  s32e a1, a9, -12
  s32e a2, a9, -8
  s32e a3, a9, -4
  s32e a4, a0, -32
  s32e a5, a0, -28
  s32e a6, a0, -24
  s32e a7, a0, -20
  rfwo
  .org 0xc0  // underflow of 8
  l32e a0, a9, -16
  l32e a1, a9, -12
  l32e a2, a9, -8
  l32e a7, a1, -12
  l32e a3, a9, -4
  l32e a4, a7, -32
  l32e a5, a7, -28
  l32e a6, a7, -24
  l32e a7, a7, -20
  rfwu
  .org 0x100  // overflow of 12
  s32e a0, a13, -16
  l32e a0, a1, -12
  s32e a1, a13, -12
  s32e a2, a13, -8
  s32e a3, a13, -4
  s32e a4, a0, -48
  s32e a5, a0, -44
  s32e a6, a0, -40
  s32e a7, a0, -36
  s32e a8, a0, -32
  s32e a9, a0, -28
  s32e a10, a0, -24
  s32e a11, a0, -20
  rfwo
  .org 0x140  // underflow of 12
  l32e a0, a13, -16
  l32e a1, a13, -12
  l32e a2, a13, -8
  l32e a11, a1, -12
  l32e a3, a13, -4
  l32e a4, a11, -48
  l32e a5, a11, -44
  l32e a6, a11, -40
  l32e a7, a11, -36
  l32e a8, a11, -32
  l32e a9, a11, -28
  l32e a10, a11, -24
  l32e a11, a11, -20
  rfwu
  .org 0x300  // kernel exception: the simulator's exit with code 99, as for the next two
  movi a2, 1
  movi a3, 99
  SIMCALL
  .org 0x340  // user exception
  movi a2, 1
  movi a3, 99
  SIMCALL
  .org 0x3c0  // double exception
  movi a2, 1
  movi a3, 99
  SIMCALL
  .org 0x400

  .section .note.GNU-stack, "", @progbits
