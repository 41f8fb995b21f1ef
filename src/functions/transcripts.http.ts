import { http } from '../lib/http.ts';
import { idempotencyKeyOf } from '../lib/idempotency-key.ts';
import { cleanNamespace } from '../lib/memory/hierarchy/hierarchy-cleanup.ts';
import { processingStatus } from '../lib/memory/transcripts/processing.ts';
import { storeRaw } from '../lib/memory/transcripts/transcript-store.ts';
import { CleanupQuery, MAX_TRANSCRIPT_BYTES, NamespaceParams, StoreRawRequest } from '../lib/requests-transcripts.ts';

/** POST /memory/{namespace}/store_raw: takes a whole conversation; what it means is worked out in the background. */
http('transcripts-store', {
  method: 'POST',
  route: 'memory/{namespace}/store_raw',
  params: NamespaceParams,
  body: StoreRawRequest,
  maxBytes: MAX_TRANSCRIPT_BYTES,
  budget: true,
  run: ({ params, body, caller, services, request }) => {
    const user_id = body.metadata.user_id ?? params.namespace;
    const owner = { ...caller.owner(user_id), user_id };
    return storeRaw(services, { owner, namespace: params.namespace, request: body, idempotencyKey: idempotencyKeyOf(request) });
  },
});

/** GET /memory/{namespace}/processing_status: how the processing of transcripts stands, for the whole tenant. */
http('transcripts-status', {
  method: 'GET',
  route: 'memory/{namespace}/processing_status',
  params: NamespaceParams,
  run: ({ caller, services }) => processingStatus(services, caller),
});

/** POST /memory/{namespace}/cleanup: deletes the texts of processed transcripts before their time (operator, or the user of that name). */
http('transcripts-cleanup', {
  method: 'POST',
  route: 'memory/{namespace}/cleanup',
  params: NamespaceParams,
  query: CleanupQuery,
  run: ({ params, query, caller, services }) => cleanNamespace(services, caller, { namespace: params.namespace, ...query }),
});
