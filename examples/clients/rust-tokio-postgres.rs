//! Applies the migrations that are compiled into the application when it starts:
//! tokio-postgres and include_dir.
//!
//! Usage: start [DIRECTORY], to read one from disk instead; the connection is in
//! PGHOST, PGDATABASE and so on.  Needs:
//! cargo add tokio-postgres --features with-serde_json-1; cargo add include_dir serde_json futures-util;
//! cargo add tokio --features rt,macros
//!
//! tokio-postgres sends the call outside a transaction; do not use transaction().
//! Notices are lost unless poll_message() is called instead of awaiting the connection;
//! the context is DbError::where_(), which is not printed.

use futures_util::{future::poll_fn, ready};
use include_dir::{include_dir, Dir};
use std::{collections::BTreeMap, env, error::Error, fs, path::Path, process::ExitCode};
use tokio_postgres::{types::Json, AsyncMessage, Config, NoTls};

static MIGRATIONS: Dir = include_dir!("$CARGO_MANIFEST_DIR/migrations");
type Files = BTreeMap<String, String>;

/// All files that are compiled in: their names, relative and with "/", and their texts.
fn embedded(dir: &Dir, files: &mut Files) -> Result<(), Box<dyn Error>> {
    for file in dir.files() {
        let name = file.path().to_str().ok_or("a name is not UTF-8")?;
        files.insert(name.into(), String::from_utf8(file.contents().into())?);
    }
    dir.dirs().try_for_each(|dir| embedded(dir, files))
}

fn from_disk(top: &Path, dir: &Path, files: &mut Files) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            from_disk(top, &path, files)?;
        } else {
            let name = path.strip_prefix(top)?.to_str().ok_or("a name is not UTF-8")?;
            files.insert(name.into(), fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// The variables of libpq, which tokio-postgres does not read.
fn config() -> Result<Config, Box<dyn Error>> {
    let var = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.into());
    let mut config = Config::new();
    config.host(var("PGHOST", "localhost")).port(var("PGPORT", "5432").parse()?);
    config.user(var("PGUSER", "postgres")).password(var("PGPASSWORD", "")).dbname(var("PGDATABASE", "postgres"));
    Ok(config)
}

async fn migrate(files: Files) -> Result<i32, Box<dyn Error>> {
    let (client, mut connection) = config()?.connect(NoTls).await?;
    let messages = tokio::spawn(poll_fn(move |cx| loop {
        match ready!(connection.poll_message(cx)) {
            Some(Ok(AsyncMessage::Notice(notice))) => eprintln!("{}:  {}", notice.severity(), notice.message()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return std::task::Poll::Ready(()),
        }
    }));
    let row = client.query_one("CALL migrate.up(files => $1)", &[&Json(files)]).await;
    drop(client); // ends the connection
    messages.await?;
    Ok(row?.try_get("applied")?)
}

fn show_error(error: &(dyn Error + 'static)) {
    let Some(error) = error.downcast_ref::<tokio_postgres::Error>().and_then(|e| e.as_db_error()) else {
        return eprintln!("ERROR:  {error}");
    };
    eprintln!("ERROR:  {}: {}", error.code().code(), error.message());
    for (label, text) in [("DETAIL", error.detail()), ("HINT", error.hint()), ("CONTEXT", error.where_())] {
        if let Some(text) = text {
            eprintln!("{label}:  {text}");
        }
    }
}

async fn start() -> Result<i32, Box<dyn Error>> {
    let mut files = Files::new();
    match env::args().nth(1) {
        Some(dir) => from_disk(dir.as_ref(), dir.as_ref(), &mut files)?,
        None => embedded(&MIGRATIONS, &mut files)?,
    }
    migrate(files).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match start().await {
        Ok(applied) => {
            println!("applied {applied}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            show_error(&*error);
            ExitCode::FAILURE
        }
    }
}
