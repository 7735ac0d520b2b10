// Names as clients write them: application paths and stream names with slashes, prefixes and queries around them.

/** The application of a connect: its name, its instance ('' for the default one), and the query. */
type AppPath = { readonly app: string; readonly instance: string; readonly query: string };

/** A stream name without what surrounds it. */
export type StreamName = { readonly streamName: string; readonly query: string };

const DEFAULT_INSTANCE = '_definst_';
const FLV_PREFIX = 'flv:';

/** Reads the `app` property of a connect; falls back on the path of tcUrl where it names nothing. */
export function parseAppPath(app: string, tcUrl: string): AppPath {
  const own = splitQuery(app);
  const ofUrl = splitQuery(pathOfUrl(tcUrl));
  const segments = segmentsOf(own.path);
  const [name = '', ...rest] = segments.length === 0 ? segmentsOf(ofUrl.path) : segments;
  const instance = rest.join('/');
  return {
    app: name,
    instance: instance === DEFAULT_INSTANCE ? '' : instance,
    query: own.query === '' ? ofUrl.query : own.query,
  };
}

/** The tcUrl that a client means: some put it in quotes. */
export function unquoteUrl(url: string): string {
  return url.replaceAll('"', '').trim();
}

/**
 * Reads the name that publish, play and their like carry: without slashes at the ends, `flv:` and the query. Some
 * hardware encoders put a question mark in front of the name: what holds no `=` behind it is no query.
 */
export function parseStreamName(text: string): StreamName {
  const isMarkedName = text.startsWith('?') && !text.includes('=');
  const { path, query } = splitQuery(isMarkedName ? text.slice(1) : text);
  const trimmed = segmentsOf(path).join('/');
  if (!trimmed.startsWith(FLV_PREFIX)) return { streamName: trimmed, query };
  return { streamName: segmentsOf(trimmed.slice(FLV_PREFIX.length)).join('/'), query };
}

/** True for a name that may be used: not empty, not too long, no control characters, no `..` between `/`, `\` or `:`. */
export function isUsableName(name: string, maxLengthChars: number): boolean {
  if (name.length === 0 || name.length > maxLengthChars) return false;
  for (let index = 0; index < name.length; index++) {
    const codeUnit = name.charCodeAt(index);
    if (codeUnit < 0x20 || (codeUnit >= 0x7f && codeUnit < 0xa0)) return false;
  }
  return !name.split(/[/\\:]/).includes('..');
}

function splitQuery(text: string): { path: string; query: string } {
  const mark = text.indexOf('?');
  return mark < 0 ? { path: text, query: '' } : { path: text.slice(0, mark), query: text.slice(mark + 1) };
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** Path and query of a URL such as `rtmp://host:1935/app/instance?x=1`. */
function pathOfUrl(url: string): string {
  const afterScheme = url.indexOf('://');
  if (afterScheme < 0) return '';
  const slash = url.indexOf('/', afterScheme + '://'.length);
  return slash < 0 ? '' : url.slice(slash);
}
