interface Names {
  blobPrefix: string;
  queuePrefix: string;
}

const BLOB_CONTAINERS = ['tr', 'arc', 'wb', 'it'];
const QUEUES = ['reflect', 'summarize', 'transcripts', 'index', 'invalidate', 'writes'].flatMap((name) => [name, `${name}-poison`]);

/** Creates the blob containers and queues the app expects, as the Bicep does in Azure; those that exist stay as they are. */
export async function createStorage(connectionString: string, { blobPrefix, queuePrefix }: Names): Promise<void> {
  const [{ BlobServiceClient }, { QueueServiceClient }] = await Promise.all([
    import('@azure/storage-blob'),
    import('@azure/storage-queue'),
  ]);
  const blobs = BlobServiceClient.fromConnectionString(connectionString);
  const queues = QueueServiceClient.fromConnectionString(connectionString);
  await Promise.all([
    ...BLOB_CONTAINERS.map((name) => blobs.getContainerClient(`${blobPrefix}-${name}`).createIfNotExists()),
    ...QUEUES.map((name) => queues.getQueueClient(`${queuePrefix}${name}`).createIfNotExists()),
  ]);
}
