# Applies the migrations of a directory when the application starts: pg.
#
# Usage: ruby ruby-pg.rb [DIRECTORY]; the connection is in PGHOST, PGDATABASE and so on.
#
# pg sends the call outside a transaction; do not use conn.transaction.  Without a
# receiver, notices go to standard error as libpq prints them; the fields of an error
# are in error.result.

require 'json'
require 'pg'

# All files: their names, relative and with "/", and their texts.  JSON refuses a text
# that is not UTF-8.
def read_directory(top)
  names = Dir.glob('**/*', base: top).select { |name| File.file?(File.join(top, name)) }
  names.to_h { |name| [name, File.binread(File.join(top, name)).force_encoding('UTF-8')] }
end

def show_notice(result)
  severity = result.error_field(PG::PG_DIAG_SEVERITY)
  warn "#{severity}:  #{result.error_field(PG::PG_DIAG_MESSAGE_PRIMARY)}"
end

def migrate(top)
  connection = PG.connect
  connection.set_notice_receiver { |result| show_notice(result) }
  result = connection.exec_params('CALL migrate.up(files => $1)', [JSON.generate(read_directory(top))])
  result.getvalue(0, 0).to_i
ensure
  connection&.close
end

def show_error(error)
  return warn("ERROR:  #{error.message}") if error.result.nil?

  field = ->(code) { error.result.error_field(code) }
  warn "ERROR:  #{field[PG::PG_DIAG_SQLSTATE]}: #{field[PG::PG_DIAG_MESSAGE_PRIMARY]}"
  { 'DETAIL' => PG::PG_DIAG_MESSAGE_DETAIL, 'HINT' => PG::PG_DIAG_MESSAGE_HINT,
    'CONTEXT' => PG::PG_DIAG_CONTEXT }.each do |label, code|
    warn "#{label}:  #{field[code]}" if field[code]
  end
end

begin
  puts "applied #{migrate(ARGV.fetch(0, 'migrations'))}"
rescue PG::Error => e
  show_error(e)
  exit 1
end
