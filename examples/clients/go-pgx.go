// Applies the migrations that are compiled into the application when it starts: pgx 5.
//
// Usage: go-pgx [DIRECTORY], to read one from disk instead; the connection is in
// PGHOST, PGDATABASE and so on.  Needs: go get github.com/jackc/pgx/v5
//
// pgx sends the call outside a transaction by default; do not use Begin.  It prints
// neither notices, which OnNotice gets, nor the context, which is PgError.Where.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// "all:", because files whose names begin with "_" are left out without it.
//
//go:embed all:migrations
var embedded embed.FS

// All files: their names, relative and with "/", and their texts.
func readDirectory(top fs.FS) (map[string]string, error) {
	files := map[string]string{}
	err := fs.WalkDir(top, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		// of what a link leads to: the files of a mounted volume are links
		info, err := fs.Stat(top, name)
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		text, err := fs.ReadFile(top, name)
		if err == nil && !utf8.Valid(text) { // the JSON package would replace what is not
			err = fmt.Errorf("file %q is not UTF-8", name)
		}
		files[name] = string(text)
		return err
	})
	return files, err
}

func migrate(ctx context.Context, top fs.FS) (applied int, err error) {
	files, err := readDirectory(top)
	if err != nil {
		return 0, err
	}
	config, err := pgx.ParseConfig("")
	if err != nil {
		return 0, err
	}
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		fmt.Fprintf(os.Stderr, "%s:  %s\n", notice.Severity, notice.Message)
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, "CALL migrate.up(files => $1)", files).Scan(&applied)
	return applied, err
}

func showError(err error) {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		fmt.Fprintln(os.Stderr, "ERROR: ", err)
		return
	}
	fmt.Fprintf(os.Stderr, "ERROR:  %s: %s\n", pgErr.Code, pgErr.Message)
	for _, field := range [][2]string{{"DETAIL", pgErr.Detail}, {"HINT", pgErr.Hint}, {"CONTEXT", pgErr.Where}} {
		if field[1] != "" {
			fmt.Fprintf(os.Stderr, "%s:  %s\n", field[0], field[1])
		}
	}
}

func main() {
	top, err := fs.Sub(embedded, "migrations")
	if len(os.Args) > 1 {
		top = os.DirFS(os.Args[1])
	}
	applied := 0
	if err == nil {
		applied, err = migrate(context.Background(), top)
	}
	if err != nil {
		showError(err)
		os.Exit(1)
	}
	fmt.Println("applied", applied)
}
