/*-------------------------------------------------------------------------
 *
 * write.c
 *		Writes new files into a directory of migrations.
 *
 * A file is written under a hidden name, which no run reads, and renamed when it is
 * complete; that never replaces another file.  For a migration that is a folder
 * with two files, the folder is renamed.
 *
 * The caller checks permissions.
 *
 * Copyright (c) 2026, the migrate authors
 *
 * IDENTIFICATION
 *		src/files/write.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"

#include "files/files.h"
#include "files/files_int.h"
#include "util/compat.h"
#include "util/printable.h"

#define CREATE_FLAGS	(O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)
#define FOLDER_FLAGS	(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
/* the server's umask takes off what it does not give away */
#define FILE_MODE		(S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)
#define FOLDER_MODE		(S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH)

pg_noreturn static void could_not_write(const char *name);

static void
could_not_write(const char *name)
{
	ereport(ERROR,
			(migrate_errcode_for_file(),
			 errmsg("could not create file \"%s\": %m", name),
			 migrate_errhint_for_file("write into the directory")));
}

/*
 * The hidden name of the n-th file while it is written.  A file that a crash has
 * left does not disturb a later process with the same PID.
 */
static char *
hidden_name(int n)
{
	return psprintf(".migrate.%d.%lld.%d", MyProcPid, (long long) MyStartTime, n);
}

/*
 * Write all of a text to a new file in an open folder, and to the disk.  "name" is
 * for messages.
 */
static void
write_file(int folder, const char *file, const char *str, const char *name)
{
	size_t		length = strlen(str);
	size_t		done = 0;
	int			fd = openat(folder, file, CREATE_FLAGS, FILE_MODE);
	int			save_errno;

	if (fd < 0)
		could_not_write(name);
	while (done < length)
	{
		ssize_t		written;

		errno = 0;
		written = write(fd, str + done, length - done);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
		{
			save_errno = errno ? errno : ENOSPC;
			close(fd);
			errno = save_errno;
			could_not_write(name);
		}
		done += written;
	}
	if (pg_fsync(fd) != 0)
	{
		save_errno = errno;
		close(fd);
		errno = save_errno;
		could_not_write(name);
	}
	if (close(fd) != 0)
		could_not_write(name);
}

/*
 * Write what an open folder has become to the disk.
 */
static void
sync_folder(int folder, const char *name)
{
	int			fd = openat(folder, ".", FOLDER_FLAGS);
	int			result = fd < 0 ? -1 : pg_fsync(fd);
	int			save_errno = errno;

	if (fd >= 0)
		close(fd);
	errno = save_errno;
	/* not every file system can */
	if (result != 0 && errno != EBADF && errno != EINVAL)
		could_not_write(name);
}

/*
 * What is open while files are written, -1 for nothing.
 */
typedef struct Writer
{
	int			parent;			/* the folder that files or a folder go to */
	int			folder;			/* the new one */
} Writer;

/*
 * Give files that are written their names, the one that goes up last: without it
 * the others are nothing.  If there is one of such a name already, that name, and
 * then none has its own; else NULL.
 */
static const char *
link_files(int folder, List *files)
{
	for (int n = list_length(files) - 1; n >= 0; n--)
	{
		const MigrateNewFile *file = list_nth(files, n);
		int			save_errno;

		if (linkat(folder, hidden_name(n), folder, migrate_base_name(file->file), 0) == 0)
			continue;
		save_errno = errno;
		for (int i = n + 1; i < list_length(files); i++)
			(void) unlinkat(folder, migrate_base_name(((MigrateNewFile *) list_nth(files, i))->file), 0);
		errno = save_errno;
		if (errno != EEXIST)
			could_not_write(file->file);
		return file->file;
	}
	return NULL;
}

/*
 * Write files into the folder; NULL, or the name that is taken.
 */
static const char *
write_files(Writer *writer, List *files)
{
	for (int i = 0; i < list_length(files); i++)
	{
		const MigrateNewFile *file = list_nth(files, i);

		write_file(writer->parent, hidden_name(i), file->str, file->file);
	}
	return link_files(writer->parent, files);
}

/*
 * Write files into a new folder "name"; NULL, or that if it is taken.
 */
static const char *
write_folder(Writer *writer, const char *name, List *files)
{
	ListCell   *lc;

	if (mkdirat(writer->parent, hidden_name(0), FOLDER_MODE) != 0)
		could_not_write(name);
	writer->folder = openat(writer->parent, hidden_name(0), FOLDER_FLAGS);
	if (writer->folder < 0)
		could_not_write(name);
	foreach(lc, files)
	{
		const MigrateNewFile *file = lfirst(lc);

		write_file(writer->folder, migrate_base_name(file->file), file->str, file->file);
	}
	sync_folder(writer->folder, name);
	if (renameat(writer->parent, hidden_name(0), writer->parent, name) == 0)
		return NULL;
	if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
		could_not_write(name);
	return name;
}

/*
 * Remove what has a hidden name, unless it is that of a new folder that is
 * complete, and close all.
 */
static void
clean_up(Writer *writer, List *files, bool complete)
{
	for (int i = 0; i < list_length(files) && writer->parent >= 0; i++)
	{
		const MigrateNewFile *file = list_nth(files, i);

		if (writer->folder < 0)
			(void) unlinkat(writer->parent, hidden_name(i), 0);
		else if (!complete)
			(void) unlinkat(writer->folder, migrate_base_name(file->file), 0);
	}
	if (writer->folder >= 0)
	{
		close(writer->folder);
		(void) unlinkat(writer->parent, hidden_name(0), AT_REMOVEDIR);
	}
	if (writer->parent >= 0)
		close(writer->parent);
}

/*
 * Write the new files (MigrateNewFile) of one migration, all of the same folder,
 * into a directory.  Returns NULL; or one of their names that is taken, and then
 * nothing is left.  Errors are those of the operating system.
 */
const char *
migrate_directory_write(const MigrateDirectory *dir, List *files)
{
	const MigrateNewFile *first = linitial(files);
	char	   *folder = pnstrdup(first->file, migrate_base_name(first->file) - first->file);
	Writer		writer = {-1, -1};
	volatile bool complete = false;
	const char *volatile existing = NULL;

	if (!AcquireExternalFD())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("could not create file \"%s\": %m", first->file)));
	PG_TRY();
	{
		writer.parent = migrate_directory_folder(dir, first->new_folder ? "" : folder);
		if (writer.parent < 0)
			could_not_write(first->file);
		existing = first->new_folder ?
			write_folder(&writer, pnstrdup(folder, strlen(folder) - 1), files) :
			write_files(&writer, files);
		complete = existing == NULL;
		if (complete)
			sync_folder(writer.parent, first->file);
	}
	PG_FINALLY();
	{
		clean_up(&writer, files, complete);
		ReleaseExternalFD();
	}
	PG_END_TRY();
	return existing;
}
