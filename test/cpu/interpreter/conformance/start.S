/* Vectors and start: enables the FPU, calls main, exits through semihosting; any fault prints FAULT and exits. */
.syntax unified
.thumb
.section .vectors, "a"
.word 0x20010000
.word reset
.rept 14
.word fault
.endr
.text
.thumb_func
reset:
  ldr r0, =0xe000ed88
  ldr r1, [r0]
  orr r1, #0xf00000
  str r1, [r0]
  dsb
  isb
  bl main
exit:
  movs r0, #0x18
  ldr r1, =0x20026
  bkpt 0xab
.thumb_func
fault:
  movs r0, #4
  adr r1, text
  bkpt 0xab
  b exit
.align 2
text: .asciz "FAULT\n"
