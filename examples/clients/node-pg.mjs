// Applies the migrations of a directory when the application starts: pg (node-postgres).
//
// Usage: node node-pg.mjs [DIRECTORY]; the connection is in PGHOST, PGDATABASE and so on.
//
// pg sends the call outside a transaction, unless you send BEGIN.  Notices are events
// of the client; the context of an error is error.where, which pg does not print.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import pg from 'pg'

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
  const client = new pg.Client()
  client.on('notice', (notice) => console.error(`${notice.severity}:  ${notice.message}`))
  await client.connect()
  try {
    const result = await client.query('CALL migrate.up(files => $1)', [readDirectory(top)])
    return result.rows[0].applied
  } finally {
    await client.end()
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
