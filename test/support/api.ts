/** Whatever JSON the service answered; a test reads the fields it is about. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Answer<T = Json> {
  status: number;
  headers: Headers;
  /** Parsed when it is JSON, else the text; undefined when empty. */
  body: T;
}

interface RequestOptions {
  body?: unknown;
  headers?: Record<string, string>;
}

export type Api = ReturnType<typeof createApi>;

/** The API of one app as a test uses it: paths below `/api`, any status is an answer. A string body is sent as it is. */
export function createApi(baseUrl: string) {
  async function request<T = Json>(method: string, path: string, { body, headers = {} }: RequestOptions = {}): Promise<Answer<T>> {
    const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${baseUrl}/api${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: isRaw ? (body as RequestInit['body']) : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(response.headers.get('content-type'), text) as T };
  }

  return {
    url: baseUrl,
    request,
    get: <T = Json>(path: string, options?: RequestOptions) => request<T>('GET', path, options),
    post: <T = Json>(path: string, body?: unknown, { headers }: Pick<RequestOptions, 'headers'> = {}) =>
      request<T>('POST', path, { body, headers }),
  };
}

function parse(contentType: string | null, text: string): unknown {
  if (text === '') return undefined;
  return contentType?.includes('json') ? JSON.parse(text) : text;
}
