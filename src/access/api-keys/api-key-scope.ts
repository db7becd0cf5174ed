/** What an API key allows. Each scope includes the ones before it. */
export const API_KEY_SCOPES = ['read', 'operate', 'admin'] as const;

export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

export function includesScope(scope: ApiKeyScope, needed: ApiKeyScope): boolean {
  return API_KEY_SCOPES.indexOf(scope) >= API_KEY_SCOPES.indexOf(needed);
}

/** The scope that a route needs unless it declares another one. */
export function scopeOfMethod(method: string): ApiKeyScope {
  return isReading(method) ? 'read' : 'operate';
}

/** True for a method that changes nothing. */
export function isReading(method: string): boolean {
  return ['GET', 'HEAD'].includes(method.toUpperCase());
}
