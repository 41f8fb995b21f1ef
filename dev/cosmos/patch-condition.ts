import { badRequest } from './errors.ts';
import { parseQuery } from './sql/parser.ts';
import { pipelineOf } from './sql/pipeline.ts';
import { rootVariable } from './sql/root.ts';
import type { ValueObject } from './sql/values.ts';

/** True when the document passes a patch condition such as `FROM c WHERE c.last_seq = 3`. Throws 400 for another form. */
export function documentMatches(document: ValueObject, condition: string): boolean {
  const query = parseQuery(`SELECT * ${condition}`);
  if (query.from === undefined || query.where === undefined) throw badRequest("A patch condition has the form 'FROM c WHERE …'.");
  const scope = { variables: { [rootVariable(query)]: document }, parameters: new Map() };
  return pipelineOf(query).expand(scope).length > 0;
}
