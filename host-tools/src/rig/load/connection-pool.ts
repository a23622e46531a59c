// Keep-alive connections, grown on demand up to a maximum. Last used, first reused: the pool stays
// as small as the concurrency, like a real client's.

import { HttpConnection, type ConnectionEvents, type LoadTarget } from "./http-connection";

export class ConnectionPool {
  private readonly idle: HttpConnection[] = [];
  private readonly all = new Set<HttpConnection>();
  private readonly events: ConnectionEvents;

  /** The pool takes connections back by itself before it passes an event on. */
  constructor(
    private readonly target: LoadTarget,
    private readonly connectionsMax: number,
    events: Pick<ConnectionEvents, "onResponse" | "onFailure">,
  ) {
    this.events = {
      onResponse: events.onResponse,
      onFailure: (connection) => {
        this.all.delete(connection);
        events.onFailure(connection);
      },
      onIdleClose: (connection) => {
        this.all.delete(connection);
        const at = this.idle.indexOf(connection);
        if (at >= 0) this.idle.splice(at, 1);
      },
    };
  }

  get size(): number {
    return this.all.size;
  }

  /** An idle or new connection; undefined when the maximum is busy. */
  take(): HttpConnection | undefined {
    const idle = this.idle.pop();
    if (idle) return idle;
    if (this.all.size >= this.connectionsMax) return undefined;
    const connection = new HttpConnection(this.target, this.events);
    this.all.add(connection);
    return connection;
  }

  /** Gives a connection back after its response. */
  release(connection: HttpConnection): void {
    connection.request = -1;
    if (connection.isOpen) this.idle.push(connection);
    else this.all.delete(connection);
  }

  /** Throws a connection away, with the request on it. */
  discard(connection: HttpConnection): void {
    this.all.delete(connection);
    connection.destroy();
  }

  closeAll(): void {
    for (const connection of this.all) connection.destroy();
    this.all.clear();
    this.idle.length = 0;
  }
}
