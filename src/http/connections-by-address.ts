/** What is known of a connection for choosing which one gives way. */
export interface AddressedConnection {
  /** Whom it belongs to: an address, or a network that one subscriber has to himself. */
  readonly group: string;
}

/** Connections by address, each address's in the order in which they were added last. */
export class ConnectionsByAddress<C extends AddressedConnection> {
  private readonly groups = new Map<string, Set<C>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds a connection, or moves it behind all others of its address. */
  add(connection: C): void {
    this.delete(connection);
    const { group } = connection;
    const connections = this.groups.get(group) ?? new Set();
    connections.add(connection);
    this.groups.set(group, connections);
    this.count += 1;
  }

  delete(connection: C): void {
    const connections = this.groups.get(connection.group);
    if (connections?.delete(connection) !== true) return;
    this.count -= 1;
    if (connections.size === 0) this.groups.delete(connection.group);
  }

  /** The first of the address that has most of them; null when there is none. */
  firstOfMost(): C | null {
    let most: Set<C> | null = null;
    for (const connections of this.groups.values()) {
      if (connections.size > (most?.size ?? 0)) most = connections;
    }
    const [first = null] = most ?? [];
    return first;
  }
}
