// The lines of a console that are on the page: a window that grows at both ends and forgets at the far one.
import { signal } from '../base';
import { ApiError, get, query } from '../api';
import type { Line, LinePage } from '../types';

const CHUNK = 500;
const KEEP = 4000;

export interface FeedFilter {
  stream: string;
  rank: string;
  q: string; // only lines that hold this
}

export class LineFeed {
  lines = signal<Line[]>([]);
  total = signal(0);
  error = signal<ApiError | null>(null);
  loaded = signal(false);
  atStart = signal(false); // nothing stands before the first line here
  private tail = 0; // where newer lines begin
  private complete = true; // the window reaches the newest line
  private busy = false;
  private again = false;
  private closed = false;

  constructor(private run: string, private filter: FeedFilter) {}

  close(): void {
    this.closed = true;
  }

  /** Whether the window ends at the newest line. */
  get live(): boolean {
    return this.complete;
  }

  private ask(from: number, limit: number): Promise<LinePage> {
    const { stream, rank, q } = this.filter;
    return get<LinePage>(`runs/${this.run}/lines${query({ from, limit, stream, rank, q })}`);
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    try {
      await work();
      this.error.value = null;
    } catch (e) {
      this.error.value = e instanceof ApiError ? e : new ApiError(0, 'page', String(e), '', '', null);
    }
    this.busy = false;
    this.loaded.value = true;
    if (this.again && !this.closed) {
      this.again = false;
      void this.newer();
    }
  }

  /** The newest lines. */
  end(): Promise<void> {
    return this.guarded(async () => {
      const page = await this.ask(-CHUNK, CHUNK);
      this.set(page.lines, page);
      this.complete = true;
    });
  }

  /** Lines around one of them. */
  around(n: number): Promise<void> {
    return this.guarded(async () => {
      const page = await this.ask(Math.max(0, n - CHUNK / 2), CHUNK);
      this.set(page.lines, page);
      this.complete = page.lines.length < CHUNK;
    });
  }

  private set(lines: Line[], page: LinePage): void {
    if (this.closed) return;
    this.lines.value = lines;
    this.total.value = page.total;
    this.tail = page.next;
    this.atStart.value = !lines.length || (lines[0] as Line).n === 0 || lines.length >= page.total;
  }

  /** Lines that came since, or that follow the window. */
  newer(): Promise<void> {
    return this.guarded(async () => {
      const page = await this.ask(this.tail, CHUNK);
      if (this.closed) return;
      this.total.value = page.total;
      this.complete = page.lines.length < CHUNK;
      if (!page.lines.length) return;
      this.tail = page.next;
      const all = [...this.lines.value, ...page.lines];
      if (all.length > KEEP) this.atStart.value = false;
      this.lines.value = all.slice(-KEEP);
      if (!this.complete && this.again === false) this.again = this.lines.value.length < KEEP;
    });
  }

  /** Lines before the first one here; says how many came. */
  async older(): Promise<number> {
    let got = 0;
    await this.guarded(async () => {
      const first = this.lines.value[0]?.n ?? 0;
      if (first <= 0) {
        this.atStart.value = true;
        return;
      }
      let from = Math.max(0, first - CHUNK);
      let before: Line[] = [];
      for (;;) {
        before = (await this.ask(from, CHUNK)).lines.filter((l) => l.n < first);
        if (before.length || from === 0) break;
        from = Math.max(0, from - CHUNK * 8);
      }
      if (this.closed) return;
      got = before.length;
      this.atStart.value = from === 0;
      this.lines.value = [...before, ...this.lines.value].slice(0, KEEP);
      if (before.length + this.lines.value.length > KEEP) this.complete = false;
      this.tail = (this.lines.value.at(-1)?.n ?? -1) + 1;
    });
    return got;
  }
}
