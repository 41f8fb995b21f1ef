import type { HostFunction } from './functions.ts';
import { compileTemplate, type RouteMatcher, type RouteValues } from './route-template.ts';

export interface Route {
  fn: HostFunction;
  /** Upper case; undefined means every method. */
  methods: string[] | undefined;
  path: string;
  match: RouteMatcher;
}

export interface RouteTable {
  routes: Route[];
  /** The first route, by function name, that takes this method and decoded path: a literal beats no parameter. */
  find(method: string, path: string): { fn: HostFunction; values: RouteValues } | undefined;
}

/** The routes of the HTTP functions, which come in name order. Throws on a template that the host refuses. */
export function createRoutes(functions: HostFunction[], prefix: string): RouteTable {
  const routes = functions.filter((fn) => fn.kind === 'httptrigger').map((fn) => createRoute(fn, prefix));
  const byMethod = new Map<string, Route[]>();

  function routesOf(method: string): Route[] {
    const known = byMethod.get(method);
    if (known) return known;
    const found = routes.filter(({ methods }) => methods === undefined || methods.includes(method));
    byMethod.set(method, found);
    return found;
  }

  return {
    routes,
    find(method, path) {
      for (const { fn, match } of routesOf(method)) {
        const values = match(path);
        if (values) return { fn, values };
      }
      return undefined;
    },
  };
}

function createRoute(fn: HostFunction, prefix: string): Route {
  const { route, methods } = fn.trigger as { route?: string; methods?: string[] };
  const template = (route || fn.name).replace(/^\/+|\/+$/g, '');
  if (/^(admin|runtime)(\/|$)/i.test(template)) {
    throw new Error(`The '${fn.name}' function is in error: The specified route conflicts with one or more built in routes.`);
  }
  const path = [prefix, template].filter((part) => part !== '').join('/');
  try {
    return { fn, methods: methods?.map((method) => method.toUpperCase()), path, match: compileTemplate(path) };
  } catch (error) {
    throw new Error(`The '${fn.name}' function is in error: ${(error as Error).message}`);
  }
}
