/**
 * MISO wired to MOSI: what is sent comes back.
 */
import { defineSpiDevice, type SpiDevice } from './attached-device.ts';

/** State of the wire: the number of words that went over it. */
export interface SpiLoopbackState {
  words: number;
}

/** The definition. */
export const SPI_LOOPBACK: SpiDevice<SpiLoopbackState> = defineSpiDevice<SpiLoopbackState>({
  name: 'spi-loopback',
  state: { words: 0 },
  transfer(state, word) {
    state.words++;
    return word;
  },
});

/** The wire. */
export function spiLoopback(): SpiDevice<SpiLoopbackState> {
  return SPI_LOOPBACK;
}
