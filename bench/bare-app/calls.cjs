/** The SDK's one call for each tier, as anybody would write it. Addresses come from the environment. */
const { CosmosClient } = require('@azure/cosmos');
const { BlobServiceClient } = require('@azure/storage-blob');
const { Redis } = require('ioredis');

const { REDIS_URL, COSMOS_ENDPOINT, COSMOS_KEY, BLOB_CONNECTION_STRING, BLOB_CONTAINER } = process.env;
const redis = new Redis(REDIS_URL);
const items = new CosmosClient({ endpoint: COSMOS_ENDPOINT, key: COSMOS_KEY }).database('keepsake').container('items');
const blobs = BlobServiceClient.fromConnectionString(BLOB_CONNECTION_STRING).getContainerClient(`${BLOB_CONTAINER}-it`);

exports.answers = {
  hot: (key) => redis.getBuffer(key),
  warm: async (key) => JSON.stringify((await items.item(key, key).read()).resource.value),
  cold: (key) => blobs.getBlobClient(key).downloadToBuffer(),
};

/** The values of many keys as one JSON object. */
exports.mget = async (body) => {
  const { keys } = JSON.parse(body);
  const values = await redis.mgetBuffer(keys);
  return `{${keys.map((key, i) => `${JSON.stringify(key)}:${values[i]}`).join(',')}}`;
};
