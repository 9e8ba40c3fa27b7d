/**
 * Which bits of an i.MX UART make its interrupt line and its DMA requests; see `imx-uart.ts`.
 */

/** Control and status registers as they read. */
export interface UartBits {
  readonly control1: number;
  readonly control2: number;
  readonly control3: number;
  readonly control4: number;
  readonly status1: number;
  readonly status2: number;
}

/** Level of the interrupt line. */
export function interruptLevel({ control1, control2, control3, control4, status1, status2 }: UartBits): boolean {
  // UCR1: RTSDEN 5, TXMPTYEN 6, RRDYEN 9, IDEN 12, TRDYEN 13, ADEN 15.
  const delta = (control1 >>> 5) & (status1 >>> 12) & 1;
  const empty = (control1 >>> 6) & (status2 >>> 14) & 1;
  const rrdy = (control1 >>> 9) & (status1 >>> 9) & 1;
  const idle = (control1 >>> 12) & (status2 >>> 12) & 1;
  const trdy = (control1 >>> 13) & (status1 >>> 13) & 1;
  const detected = (control1 >>> 15) & (status2 >>> 15) & 1;
  // UCR2: ATEN 3, RTSEN 4, ESCI 15.
  const aging = (control2 >>> 3) & (status1 >>> 8) & 1;
  const edge = (control2 >>> 4) & (status2 >>> 4) & 1;
  const sequence = (control2 >>> 15) & (status1 >>> 11) & 1;
  // UCR3: ACIEN 0 against USR2.ACST; AWAKEN 4, RXDSEN 6, FRAERREN 11 and PARERREN 12 against USR1's 4, 6, 10 and 15.
  const stopped = control3 & (status2 >>> 11) & 1;
  const awake = (control3 & status1 & 0x50) !== 0;
  const framing = (control3 >>> 11) & (status1 >>> 10) & 1;
  const parity = (control3 >>> 12) & (status1 >>> 15) & 1;
  // UCR4: DREN 0, OREN 1, BKEN 2, TCEN 3, WKEN 7 stand at the same bits of USR2.
  const data = (control4 & status2 & 0x8f) !== 0;
  const others = delta | empty | rrdy | idle | trdy | detected | aging | edge | sequence | stopped | framing | parity;
  return awake || data || others !== 0;
}

/** Level of the DMA request for received data: RXDMAEN with RRDY, ATDMAEN with AGTIM, IDDMAEN with IDLE. */
export function receiveRequest({ control1, control4, status1, status2 }: UartBits): boolean {
  const ready = (control1 >>> 8) & (status1 >>> 9) & 1;
  const aging = (control1 >>> 2) & (status1 >>> 8) & 1;
  const idle = (control4 >>> 6) & (status2 >>> 12) & 1;
  return (ready | aging | idle) !== 0;
}

/** Level of the DMA request for data to send: TXDMAEN with TRDY. */
export function transmitRequest({ control1, status1 }: UartBits): boolean {
  return ((control1 >>> 3) & (status1 >>> 13) & 1) !== 0;
}
