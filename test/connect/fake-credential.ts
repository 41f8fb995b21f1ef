import type { TokenCredential } from '@azure/identity';

interface FakeOptions {
  oid: string;
  /** Life of each token in turn, from when it is asked for; an hour when there are no more. */
  lifetimesMs?: number[];
  /** How many of the first questions fail. */
  failures?: number;
}

/** A credential whose tokens look like those of Microsoft Entra, without a signature. */
export function fakeCredential({ oid, lifetimesMs = [], failures = 0 }: FakeOptions) {
  const tokens: string[] = [];
  const scopes: (string | string[])[] = [];
  let left = failures;

  const credential: TokenCredential = {
    getToken: async (scope) => {
      if (left-- > 0) throw new Error('there is no identity here');
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const token = [part({ alg: 'none' }), part({ oid, n: tokens.length }), 'signature'].join('.');
      const life = lifetimesMs[tokens.length] ?? 3_600_000;
      tokens.push(token);
      if (scopes.length === 0) scopes.push(scope);
      return { token, expiresOnTimestamp: Date.now() + life };
    },
  };
  return { ...credential, tokens, scopes };
}
