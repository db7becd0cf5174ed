/** What decides which connection is closed next. */
export interface AddressedConnection {
  /** The caller to whom the connection belongs: an address, or a network that usually belongs to one subscriber. */
  readonly group: string;
}

/** Connections by address. Those of one address are in the order in which they were last added. */
export class ConnectionsByAddress<C extends AddressedConnection> {
  private readonly groups = new Map<string, Set<C>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds a connection, or moves it to the end of its address's list. */
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

  /** The first connection of the address that has most of them; null if there is none. */
  firstOfMost(): C | null {
    let most: Set<C> | null = null;
    for (const connections of this.groups.values()) {
      if (connections.size > (most?.size ?? 0)) most = connections;
    }
    const [first = null] = most ?? [];
    return first;
  }
}
