import { createReadStream } from 'node:fs'
import type { Options } from 'csv-parse'
import { parse } from 'csv-parse'
import type { Line } from './read-lines.ts'
import { MAX_LINE } from './read-lines.ts'

interface Fields {
  readonly record: readonly string[]
  readonly info: { readonly lines: number; readonly bytes: number }
}

// What databases write. Other words are refused as no boolean.
const BOOLEANS: Readonly<{ [text: string]: boolean }> = {
  true: true,
  t: true,
  '1': true,
  false: false,
  f: false,
  '0': false,
}

// What is no JSON is refused as no object.
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Of the members that are no text */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  deactivated: (text) => BOOLEANS[text.toLowerCase()] ?? text,
  claims: jsonOf,
}

/**
 * Reads CSV (RFC 4180) whose first record names the members. An empty field is a member that is left out. After a
 * quotation that is malformed, anything may follow, so that the rest is refused as one line. Takes memory for a few records only.
 *
 * @param members names that the first record may have
 */
export async function* readCsv(file: string, members: readonly string[]): AsyncGenerator<Line> {
  const input = createReadStream(file)
  let fault: { readonly text: string; readonly line: number } | undefined
  const stop: Options['on_skip'] = (error) => {
    const text = `is not CSV, so that the rest of the file cannot be read (${error?.code})`
    fault ??= { text, line: Number(error?.['lines']) }
    input.unpipe(parser)
    // Not from within the parser's own call
    setImmediate(() => parser.end())
  }
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    max_record_size: MAX_LINE,
    skip_records_with_error: true,
    on_skip: stop,
  })
  input.on('error', (error) => parser.destroy(error)).pipe(parser)
  let names: readonly string[] | undefined
  let [number, end] = [1, 0]
  try {
    for await (const { record, info } of parser as AsyncIterable<Fields>) {
      if (info.lines > (fault?.line ?? info.lines)) break
      end = info.bytes
      if (names === undefined) {
        names = headOf(record, members)
        if (names === undefined) return yield { number, end, value: undefined, fault: headFault(members) }
      } else if (record.length > 1 || record[0] !== '') yield { number, end, ...membersOf(names, record) }
      number = info.lines + 1
    }
    if (fault !== undefined) yield { number, end, value: undefined, fault: fault.text }
  } finally {
    input.destroy()
  }
}

const headFault = (members: readonly string[]) =>
  `expected names of members, each once: ${members.join(', ')}`

/** @returns undefined for names that are unknown, or there twice */
function headOf(record: readonly string[], members: readonly string[]): readonly string[] | undefined {
  const names = record.map((name) => name.trim())
  return names.every((name, at) => members.includes(name) && names.indexOf(name) === at) ? names : undefined
}

function membersOf(names: readonly string[], record: readonly string[]): Pick<Line, 'value' | 'fault'> {
  if (record.length !== names.length)
    return { value: undefined, fault: `has ${record.length} fields, and the first line has ${names.length}` }
  const entries = names.flatMap((name, at) => {
    const text = record[at] ?? ''
    if (text === '') return []
    return [[name, (READERS[name] ?? String)(text)]]
  })
  return { value: Object.fromEntries(entries) }
}
