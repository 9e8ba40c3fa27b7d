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
