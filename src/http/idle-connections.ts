/** What is known of a connection for choosing which one gives way. */
export interface AddressedConnection {
  /** Whom it belongs to: an address, or a network that one subscriber has to himself. */
  readonly group: string;
}

/** Connections without a request in progress, by address, each address's in the order in which they were used last. */
export class IdleConnections<C extends AddressedConnection> {
  private readonly groups = new Map<string, Set<C>>();

  /** Adds a connection, or moves it behind all others of its address. */
  add(connection: C): void {
    const { group } = connection;
    const connections = this.groups.get(group) ?? new Set();
    connections.delete(connection);
    connections.add(connection);
    this.groups.set(group, connections);
  }

  delete(connection: C): void {
    const connections = this.groups.get(connection.group);
    connections?.delete(connection);
    if (connections?.size === 0) this.groups.delete(connection.group);
  }

  /** The longest idle of the address that has most of them; null when there is none. */
  longestOfMost(): C | null {
    let most: Set<C> | null = null;
    for (const connections of this.groups.values()) {
      if (connections.size > (most?.size ?? 0)) most = connections;
    }
    const [longest = null] = most ?? [];
    return longest;
  }
}
