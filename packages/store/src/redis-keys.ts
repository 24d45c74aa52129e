/** The names of a store's keys in Redis. All have one hash tag, so that they live on one node of a Redis Cluster. */
export interface RedisKeys {
  readonly state: string;
  readonly values: string;
  readonly keys: string;
  readonly changes: string;
  readonly tokens: string;
  readonly ephemeralValues: string;
  readonly ephemeralExpiries: string;
  /** Outcomes of a client's last commits. */
  session(client: string): string;
  lease(key: string): string;
}

/** The names for a prefix, which keeps several clusters apart on one server. */
export function redisKeys(prefix: string): RedisKeys {
  const named = (name: string): string => `{${prefix}}:${name}`;
  return {
    state: named('state'),
    values: named('values'),
    keys: named('keys'),
    changes: named('changes'),
    tokens: named('lease-tokens'),
    ephemeralValues: named('ephemeral'),
    ephemeralExpiries: named('ephemeral-expiries'),
    session: (client) => named(`session:${client}`),
    lease: (key) => named(`lease:${key}`),
  };
}
