// Policies for tests of objects of traffic.

/** Gateways with and without TLS, providers of each kind, egress to everything. */
export const edgesPolicy = `
version: 1
mesh: { istio: "1.31", namespace: ai, egress: { scope: all, policy: allow_any } }
gateway:
  secure:
    service: web
    hosts: [a.example.com, b.example.com]
    tls_secret: cert
    redirect_http: true
    tls_version_min: "1.3"
  plain: { service: web, hosts: ["*.example.org"], port: 8080, selector: { app: edge } }
providers:
  inner: { host: api.openai.com, load_balancer: round_robin }
  through: { host: api.anthropic.com, tls: passthrough }
  open:
    host: models.example.net
    port: 8000
    tls: none
    outlier_detection: { consecutive_5xx: 3 }
calls: { web: [inner, through, open] }
services:
  web:
    port: 8080
    labels: { app: web, tier: front }
    routes: [{ name: all, timeout_ms: 1500 }]
`;

/** Every member of the traffic sections, with values of their own. */
export const everythingPolicy = `
version: 1
mesh:
  istio: "1.31"
  namespace: ai
  egress:
    scope: listed
    hosts: [istio-system/*, other/db.other.svc.cluster.local]
    policy: registry_only
gateway: { public: { service: everything, hosts: [x.example.com] } }
providers:
  outer: { host: api.example.com, port: 8443, local_port: 8080, retry_budget: { percent: 5 } }
calls: { everything: [cookie, outer] }
services:
  everything:
    port: 80
    arms: { a: { pool: { requests_max: 10 } }, b: { subset: blue, labels: { colour: blue } } }
    pool:
      connections_max: 11
      connect_timeout_ms: 1200
      connection_age_max_ms: 60000
      pending_max: 12
      requests_max: 13
      requests_per_connection_max: 0
      streams_per_connection_max: 14
      idle_timeout_ms: 90000
      h2_upgrade: false
    retry_budget: { percent: 12.5, min_concurrent: 2 }
    outlier_detection:
      consecutive_5xx: 0
      consecutive_gateway_errors: 4
      ejection_percent_max: 100
    load_balancer: random
    routes:
      - name: all
        match: { authority: everything }
        timeout_ms: 5000
        retries: { attempts: 2, per_try_timeout_ms: 1000, backoff_ms: 100, on: ["503"] }
  cookie:
    load_balancer: { hash_cookie: { name: session, max_age_s: 600 } }
    routes: [{ name: cookie, match: { authority: cookie } }]
  query:
    load_balancer: { hash_query: q }
    routes: [{ name: query, match: { authority: query } }]
  address:
    load_balancer: { hash_source_ip: true }
    routes: [{ name: address, match: { authority: address } }]
`;

/** Where Istio has a word of its own for little or everything, or refuses what one would write. */
export const egressPolicy = (hosts: string): string => `
version: 1
mesh: { istio: "1.31", namespace: ai, egress: { hosts: ${hosts} } }
providers: { outer: { host: api.example.com } }
calls: { llm: [outer] }
services:
  llm: { routes: [{ name: all, match: { authority: llm }, timeout_ms: 0 }] }
  quiet: { routes: [{ name: quiet, match: { authority: quiet } }] }
`;
