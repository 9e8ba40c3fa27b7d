/**
 * Device tree sources of our own that several tests use; `blobs.json` has what dtc and fdtoverlay 1.6.1 make of them (make-blobs.mjs).
 */
import { readFileSync } from 'node:fs';

const read = (name: string): string => readFileSync(new URL(`samples/${name}.dts`, import.meta.url), 'utf8');

/** Everything that the source language has, in one tree. */
export const LANGUAGE = read('language');
/** A base tree for overlays, with symbols. */
export const BASE = read('base');
/** An overlay with every kind of reference. */
export const OVERLAY = read('overlay');
/** A board with i.MX 8M Plus, and the overlay that makes it one for RPMsg. */
export const BOARD_8MP = read('imx8mp-board');
export const RPMSG_8MP = read('imx8mp-rpmsg-overlay');
/** The regions of a Verdin iMX8M Plus; the table's region has the name that Linux does not look for. */
export const VERDIN_HMP = read('verdin-hmp-overlay');
/** The Cortex-M4's part of a Colibri iMX7D. */
export const COLIBRI_7D = read('colibri-imx7d');
