// The one pointer of a page: the crosshair goes through all panels of the same x, and a line in focus is
// in focus in every panel and in the table.
import { signal } from '../base';

export interface Pointer {
  x: number | null;
  panel: string | null;
  run: string | null; // run in focus
  line: string | null; // line in focus, where a panel has several of one run
}

export const NOWHERE: Pointer = { x: null, panel: null, run: null, line: null };
export const pointer = signal<Pointer>(NOWHERE);

export function leave(): void {
  if (pointer.value !== NOWHERE) pointer.value = NOWHERE;
}
export function focusRun(run: string | null): void {
  pointer.value = run === null ? NOWHERE : { ...NOWHERE, run };
}
