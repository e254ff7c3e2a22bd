// Applies the migrations of a directory when the application starts: database/sql,
// with pgx 5 as its driver.
//
// Usage: go-database-sql [DIRECTORY]; the connection is in PGHOST, PGDATABASE and so
// on.  Needs: go get github.com/jackc/pgx/v5
//
// database/sql sends the call outside a transaction; do not use Begin.  It has no
// notices of its own: the driver's OnNotice gets them.  The context is PgError.Where.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// All files: their names, relative and with "/", and their texts, as JSON.
func readDirectory(top fs.FS) (string, error) {
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
	if err != nil {
		return "", err
	}
	object, err := json.Marshal(files)
	return string(object), err
}

func open() (*sql.DB, error) {
	config, err := pgx.ParseConfig("")
	if err != nil {
		return nil, err
	}
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		fmt.Fprintf(os.Stderr, "%s:  %s\n", notice.Severity, notice.Message)
	}
	return stdlib.OpenDB(*config), nil
}

func migrate(ctx context.Context, db *sql.DB, top fs.FS) (applied int, err error) {
	files, err := readDirectory(top)
	if err == nil {
		err = db.QueryRowContext(ctx, "CALL migrate.up(files => $1)", files).Scan(&applied)
	}
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
	top := "migrations"
	if len(os.Args) > 1 {
		top = os.Args[1]
	}
	applied := 0
	db, err := open()
	if err == nil {
		defer db.Close()
		applied, err = migrate(context.Background(), db, os.DirFS(top))
	}
	if err != nil {
		showError(err)
		os.Exit(1)
	}
	fmt.Println("applied", applied)
}
