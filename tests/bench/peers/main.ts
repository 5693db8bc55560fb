/** `npm run bench:peers -- --rounds 5 --seconds 5 --only express,better-auth --write` */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { options, run } from '../throughput/command.ts'
import { subjects } from '../throughput/subjects.ts'
import { install, peers } from './peers.ts'

const directory = mkdtempSync(join(tmpdir(), 'rekindle-peers-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
install(directory)
const given = options()
await run('peers', [...subjects(['refresh']).slice(0, 1), ...peers(directory, given.only)], given)
