import type { TokenCredential } from '@azure/identity';

async function load(azure: boolean, clientId: string | undefined): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  if (!azure) return new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {});
  return clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential();
}

/**
 * The one credential of the process: the managed identity in Azure, whatever the developer is signed in with elsewhere.
 * @azure/identity costs 140 ms to load, so it is loaded when the first token is asked for.
 */
export function createCredential({ azure, clientId }: { azure: boolean; clientId?: string }): TokenCredential {
  let loading: Promise<TokenCredential> | undefined;
  const shared = () => {
    loading ??= load(azure, clientId).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  return { getToken: async (scopes, options) => (await shared()).getToken(scopes, options) };
}
