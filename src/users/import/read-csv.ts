import { createReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import type { Line } from './read-lines.ts'
import { MAX_LINE } from './read-lines.ts'

/** A file of CSV that cannot be read any further */
export class CsvError extends Error {}

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
 * Reads CSV (RFC 4180) whose first record names the members. An empty field is a member that is left out. Takes memory
 * for a few records only.
 *
 * @param members names that the first record may have
 * @throws CsvError for a quotation that does not end, or an unknown name: what follows may be anything
 */
export async function* readCsv(file: string, members: readonly string[]): AsyncGenerator<Line> {
  const parser = parse({ bom: true, info: true, relax_column_count: true, max_record_size: MAX_LINE })
  const input = createReadStream(file)
  input.on('error', (error) => parser.destroy(error)).pipe(parser)
  let names: readonly string[] | undefined
  let number = 1
  try {
    for await (const { record, info } of parser as AsyncIterable<Fields>) {
      if (names === undefined) names = headOf(record, members)
      else if (record.length > 1 || record[0] !== '')
        yield { number, end: info.bytes, ...membersOf(names, record) }
      number = info.lines + 1
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_'))) throw error
    throw new CsvError(`line ${number}: is not CSV, so that the rest cannot be read (${error.code})`)
  } finally {
    input.destroy()
  }
}

function headOf(record: readonly string[], members: readonly string[]): readonly string[] {
  const names = record.map((name) => name.trim())
  const unknown = names.find((name, at) => !members.includes(name) || names.indexOf(name) !== at)
  if (unknown === undefined) return names
  throw new CsvError(`line 1: expected names of members, each once: ${members.join(', ')}`)
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
