<?php
// Applies the migrations of a directory when the application starts: PDO.
//
// Usage: php php-pdo.php [DIRECTORY]; the connection is in PGHOST, PGDATABASE and so on.
//
// PDO sends the call outside a transaction; do not use beginTransaction().  It drops
// notices before PHP 8.4, which has Pdo\Pgsql::setNoticeCallback(); the message of an
// error is errorInfo[2], with hint and context.

declare(strict_types=1);

/** All files: their names, relative and with "/", and their texts. */
function read_directory(string $top): array
{
    $files = [];
    $flags = FilesystemIterator::SKIP_DOTS | FilesystemIterator::UNIX_PATHS;
    $paths = new RecursiveIteratorIterator(new RecursiveDirectoryIterator($top, $flags));
    foreach ($paths as $path) {
        if ($path->isFile()) {
            $files[$paths->getSubPathname()] = file_get_contents($path->getPathname());
        }
    }
    return $files;
}

function connect(): PDO
{
    if (!method_exists('Pdo\Pgsql', 'setNoticeCallback')) {
        return new PDO('pgsql:');
    }
    $connection = new Pdo\Pgsql('pgsql:');
    $connection->setNoticeCallback(fn (string $message) => fwrite(STDERR, $message));
    return $connection;
}

function migrate(string $top): int
{
    // an object even if there is no file; a text that is not UTF-8 is an error
    $files = json_encode((object) read_directory($top), JSON_THROW_ON_ERROR);
    $call = connect()->prepare('CALL migrate.up(files => :files)');
    $call->execute(['files' => $files]);
    return (int) $call->fetchColumn();
}

try {
    echo 'applied ', migrate($argv[1] ?? 'migrations'), "\n";
} catch (PDOException $error) {
    // without a connection, there is only the message
    [$sqlstate, , $message] = $error->errorInfo ?? [$error->getCode(), null, $error->getMessage()];
    fwrite(STDERR, "SQLSTATE $sqlstate\n$message\n");
    exit(1);
}
