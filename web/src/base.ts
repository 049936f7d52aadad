// The only file that imports the view library: a swap is a change of this file.
import { h as create } from 'preact';

export { Fragment, h, render, createContext } from 'preact';
export type { ComponentChildren, JSX, RefObject, VNode } from 'preact';
export { useCallback, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from '@preact/signals';
export type { ReadonlySignal, Signal } from '@preact/signals';
export type Create = typeof create;
