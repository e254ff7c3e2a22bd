import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.*;
import java.util.*;
import java.util.stream.Stream;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Applies the migrations of a directory when the application starts: pgjdbc.
 *
 * Usage: java -cp postgresql.jar java-pgjdbc.java [DIRECTORY]; the connection is in
 * PGHOST, PGDATABASE and so on.
 *
 * JDBC has autocommit on, and pools and Spring may turn it off: CALL migrate.up cannot
 * run in a transaction.  Use execute(), because executeUpdate() raises an error for the
 * row that the call returns, and no {call}, which needs escapeSyntaxCallMode.  Notices
 * are warnings of the statement; the context is in the ServerErrorMessage.
 */
class Start {
    /** All files: their names, relative and with "/", and their texts. */
    static SortedMap<String, String> readDirectory(Path top) throws IOException {
        SortedMap<String, String> files = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(top)) {
            for (Path path : (Iterable<Path>) paths.filter(Files::isRegularFile)::iterator) {
                files.put(top.relativize(path).toString().replace('\\', '/'), Files.readString(path));
            }
        }
        return files;
    }

    static Connection connect() throws SQLException {
        Map<String, String> env = System.getenv();
        String url = "jdbc:postgresql://" + env.getOrDefault("PGHOST", "localhost") + ":"
            + env.getOrDefault("PGPORT", "5432") + "/" + env.getOrDefault("PGDATABASE", "");
        return DriverManager.getConnection(url, env.get("PGUSER"), env.get("PGPASSWORD"));
    }

    static void showNotices(Statement statement) throws SQLException {
        for (SQLWarning notice = statement.getWarnings(); notice != null; notice = notice.getNextWarning()) {
            System.err.println("NOTICE:  " + notice.getMessage());
        }
    }

    // jsonb_object() makes the object, so that no library for JSON is needed.
    static int migrate(Path top) throws IOException, SQLException {
        SortedMap<String, String> files = readDirectory(top);
        try (Connection connection = connect();
             PreparedStatement call = connection.prepareStatement("CALL migrate.up(files => jsonb_object(?, ?))")) {
            call.setArray(1, connection.createArrayOf("text", files.keySet().toArray()));
            call.setArray(2, connection.createArrayOf("text", files.values().toArray()));
            try {
                call.execute();
            } finally {
                showNotices(call);
            }
            ResultSet result = call.getResultSet();
            result.next();
            return result.getInt("applied");
        }
    }

    static void showError(SQLException error) {
        ServerErrorMessage server = error instanceof PSQLException e ? e.getServerErrorMessage() : null;
        System.err.println("ERROR:  " + error.getSQLState() + ": " + (server == null ? error.getMessage() : server.getMessage()));
        if (server != null && server.getDetail() != null) System.err.println("DETAIL:  " + server.getDetail());
        if (server != null && server.getHint() != null) System.err.println("HINT:  " + server.getHint());
        if (server != null && server.getWhere() != null) System.err.println("CONTEXT:  " + server.getWhere());
    }

    public static void main(String[] args) throws IOException {
        try {
            System.out.println("applied " + migrate(Path.of(args.length > 0 ? args[0] : "migrations")));
        } catch (SQLException error) {
            showError(error);
            System.exit(1);
        }
    }
}
