// Requests to the server. Every refusal becomes an ApiError with the server's own words.
import { base, takeGiven } from './boot';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
    readonly ref: string,
    readonly offset: number | null,
  ) {
    super(message);
  }
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Ask for bytes of this type instead of JSON. */
  accept?: string;
}

interface ErrorBody {
  error?: { code?: string; message?: string; hint?: string; ref?: string; offset?: number };
}

async function refusal(reply: Response): Promise<ApiError> {
  let body: ErrorBody = {};
  try {
    body = (await reply.json()) as ErrorBody;
  } catch {
    body = {};
  }
  const e = body.error ?? {};
  return new ApiError(
    reply.status,
    e.code ?? String(reply.status),
    e.message ?? `The server answered ${reply.status} ${reply.statusText}.`,
    e.hint ?? '',
    e.ref ?? reply.headers.get('X-Request-Id') ?? '',
    e.offset ?? null,
  );
}

async function send(method: string, path: string, body: unknown, options: CallOptions): Promise<Response> {
  const headers: Record<string, string> = { Accept: options.accept ?? 'application/json' };
  const init: RequestInit = { method, headers, signal: options.signal ?? null, credentials: 'same-origin' };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  let reply: Response;
  try {
    reply = await fetch(`${base}api/v1/${path}`, init);
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e;
    throw new ApiError(0, 'unreachable', 'The server does not answer.', 'Is trackd running? The page tries again by itself.', '', null);
  }
  if (!reply.ok) throw await refusal(reply);
  return reply;
}

/** GET, or what came with the page. */
export async function get<T>(path: string, options: CallOptions = {}): Promise<T> {
  const given = takeGiven(path);
  if (given !== undefined) return given as T;
  return (await (await send('GET', path, undefined, options)).json()) as T;
}

export async function getText(path: string, options: CallOptions = {}): Promise<string> {
  return (await send('GET', path, undefined, { ...options, accept: '*/*' })).text();
}

export async function post<T>(path: string, body: unknown = {}, options: CallOptions = {}): Promise<T> {
  return (await (await send('POST', path, body, options)).json()) as T;
}

/** POST whose answer may be binary; says which it was. */
export async function postRaw(path: string, body: unknown, options: CallOptions): Promise<Response> {
  return send('POST', path, body, options);
}

export async function patch<T>(path: string, body: unknown): Promise<T> {
  return (await (await send('PATCH', path, body, {})).json()) as T;
}

export async function remove<T>(path: string): Promise<T> {
  return (await (await send('DELETE', path, undefined, {})).json()) as T;
}

/** `a=1&b=x%2Fy`, without what is undefined or "". */
export function query(args: Record<string, string | number | undefined>): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(args)) if (v !== undefined && v !== '') q.set(k, String(v));
  const text = q.toString();
  return text ? `?${text}` : '';
}

/** Address of a file's bytes, for a download link. */
export function fileUrl(run: string, path: string): string {
  return `${base}api/v1/runs/${run}/files/content?path=${encodeURIComponent(path)}`;
}

/** At most `width` of these run at once; what is aborted before its turn never starts. */
export function makeQueue(width: number): <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  const next = (): void => {
    running--;
    waiting.shift()?.();
  };
  return async (work, signal) => {
    if (running >= width) await new Promise<void>((go) => waiting.push(go));
    running++;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      next();
    }
  };
}
