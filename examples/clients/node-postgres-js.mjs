// Applies the migrations of a directory when the application starts: postgres (postgres.js).
//
// Usage: node node-postgres-js.mjs [DIRECTORY]; the connection is in PGHOST, PGDATABASE
// and so on.
//
// postgres.js sends the call outside a transaction; do not use sql.begin.  Without
// onnotice it prints each notice as an object; the context of an error is error.where.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import postgres from 'postgres'

// All files: their names, relative and with "/", and their texts.  A text that is not
// UTF-8 is an error, and a byte order mark stays.
function readDirectory(top) {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const files = {}
  const walk = (folder) => {
    for (const name of readdirSync(join(top, folder))) {
      const path = join(folder, name)
      if (statSync(join(top, path)).isDirectory()) walk(path)
      else files[path.split(sep).join('/')] = decoder.decode(readFileSync(join(top, path)))
    }
  }
  walk('')
  return files
}

async function migrate(top) {
  const sql = postgres({
    max: 1,
    onnotice: (notice) => console.error(`${notice.severity}:  ${notice.message}`)
  })
  try {
    const [{ applied }] = await sql`CALL migrate.up(files => ${sql.json(readDirectory(top))})`
    return applied
  } finally {
    await sql.end()
  }
}

function showError(error) {
  console.error(`ERROR:  ${error.code}: ${error.message}`)
  if (error.detail) console.error(`DETAIL:  ${error.detail}`)
  if (error.hint) console.error(`HINT:  ${error.hint}`)
  if (error.where) console.error(`CONTEXT:  ${error.where}`)
}

try {
  console.log(`applied ${await migrate(process.argv[2] ?? 'migrations')}`)
} catch (error) {
  showError(error)
  process.exitCode = 1
}
