/** `npm run bench -- --rounds 5 --seconds 5 --only refresh,me --database sqlite --rotations 1000000 --sync-delay 5 --write` */
import { options, run } from './command.ts'
import { subjects } from './subjects.ts'

const given = options()
const isWanted = ({ where }: { where: string }) =>
  given.database === undefined || where.toLowerCase().startsWith(given.database)
await run('bench', subjects(given.only).filter(isWanted), given)
