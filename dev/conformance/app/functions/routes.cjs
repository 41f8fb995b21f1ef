const { app } = require('@azure/functions');

const answer = (request, context) => ({ jsonBody: { function: context.functionName, params: request.params } });
const route = (name, template, methods = ['GET']) => app.http(name, { authLevel: 'anonymous', methods, route: template, handler: answer });

// Overlapping on purpose: the first function by name answers, whatever its template and the order here.
route('order-b-literal', 'order/literal');
route('order-a-parameter', 'order/{name}');
route('reverse-b-parameter', 'reverse/{name}');
route('reverse-a-literal', 'reverse/literal');

route('shared-get', 'shared');
route('shared-post', 'shared', ['POST']);
route('head-and-options', 'declared', ['HEAD', 'OPTIONS']);

route('constraint-int', 'int/{n:int}');
route('constraint-range', 'range/{n:range(2,4)}');
route('constraint-length', 'length/{text:length(2,4)}');
route('constraint-guid', 'guid/{id:guid}');
route('constraint-alpha', 'alpha/{text:alpha}');
route('constraint-regex', 'regex/{text:regex(^x[0-9]+$)}');
route('catch-all', 'files/{*path}');
route('with-default', 'default/{x=seven}');
route('two-in-one', 'file/{name}.{extension}');
