/*-------------------------------------------------------------------------
 *
 * dump.c
 *	  The schema of this database, as the server's own pg_dump writes it.
 *
 * pg_dump connects to the server as the current role, without a password, and
 * sees what is committed.  What it waits for may be this very transaction:
 * so it waits for locks only for a time, this side can be cancelled while it
 * reads, and takes pg_dump with it when it ends early.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "compat.h"

#include <signal.h>
#include <unistd.h>

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "commands/dbcommands.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port.h"
#include "postmaster/postmaster.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#define LOCK_WAIT_TIMEOUT 10000 /* ms */
#define MOST_COMPLAINTS 4000	/* bytes */

#define HINT_GIVE_TEXT "Run pg_dump -s yourself, and give what it writes as the argument \"script\"."

/* A pg_dump at work. */
typedef struct Dump
{
	FILE	   *pipe;
	pid_t		pid;			/* 0: not known yet */
	StringInfoData output;
	File		complaints;		/* what it writes on its standard error */
} Dump;

/* A word for the shell. */
static void
append_word(StringInfo buf, const char *word)
{
	appendStringInfoChar(buf, '\'');
	for (; *word; word++)
	{
		if (*word == '\'')
			appendStringInfoString(buf, "'\\''");
		else
			appendStringInfoChar(buf, *word);
	}
	appendStringInfoChar(buf, '\'');
}

/* A value in a connection string. */
static void
append_parameter(StringInfo buf, const char *name, const char *value)
{
	appendStringInfo(buf, " %s='", name);
	for (; *value; value++)
	{
		if (*value == '\'' || *value == '\\')
			appendStringInfoChar(buf, '\\');
		appendStringInfoChar(buf, *value);
	}
	appendStringInfoChar(buf, '\'');
}

/* Where the server listens for those on this machine. */
static char *
socket_directory(void)
{
	List	   *directories;

	if (IsUnderPostmaster && Unix_socket_directories != NULL &&
		SplitDirectoriesString(pstrdup(Unix_socket_directories), ',', &directories) &&
		directories != NIL)
		return (char *) linitial(directories);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the server listens on no Unix socket by which pg_dump could connect"),
			 errhint(HINT_GIVE_TEXT)));
	return NULL;
}

static char *
find_program(void)
{
	char		path[MAXPGPATH];

	strlcpy(path, my_exec_path, sizeof(path));
	get_parent_directory(path);
	strlcat(path, "/pg_dump", sizeof(path));
	if (access(path, X_OK) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not find the server's pg_dump: \"%s\": %m", path),
				 errhint(HINT_GIVE_TEXT)));
	return pstrdup(path);
}

/*
 * First a line with the process' number, which stays when pg_dump takes the
 * shell's place, then one with its version, then the dump.  Nothing of the
 * server's environment, in which there may be passwords, has any effect.
 */
static char *
make_command(const char *complaints)
{
	char	   *program = find_program();
	StringInfoData connection;
	StringInfoData command;

	initStringInfo(&connection);
	append_parameter(&connection, "dbname", get_database_name(MyDatabaseId));
	append_parameter(&connection, "user", GetUserNameFromId(GetUserId(), false));
	append_parameter(&connection, "host", socket_directory());
	append_parameter(&connection, "port", psprintf("%d", PostPortNumber));
	append_parameter(&connection, "application_name", "migrate baseline");

	initStringInfo(&command);
	appendStringInfoString(&command, "exec 2>");
	append_word(&command, complaints);
	appendStringInfoString(&command, " </dev/null; echo $$; ");
	append_word(&command, program);
	appendStringInfoString(&command, " --version && exec env -i HOME=/nonexistent LC_ALL=C"
						   " LD_LIBRARY_PATH=\"$LD_LIBRARY_PATH\" ");
	append_word(&command, program);
	appendStringInfo(&command, " --schema-only --no-password --lock-wait-timeout=%d --encoding=%s --dbname=",
					 LOCK_WAIT_TIMEOUT, GetDatabaseEncodingName());
	append_word(&command, connection.data);
	return command.data;
}

static void
stop_program(int code, Datum arg)
{
	Dump	   *dump = (Dump *) DatumGetPointer(arg);

	if (dump->pid > 1)
		(void) kill(dump->pid, SIGTERM);
}

/* What there is to read by now; false at the end. */
static bool
read_some(Dump *dump)
{
	int			fd = fileno(dump->pipe);
	ssize_t		len;

	while (true)
	{
		int			events = WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_SOCKET_READABLE |
											   WL_EXIT_ON_PM_DEATH, fd, -1, PG_WAIT_EXTENSION);

		if (events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (!(events & WL_SOCKET_READABLE))
			continue;
		enlargeStringInfo(&dump->output, BLCKSZ);
		len = read(fd, dump->output.data + dump->output.len, BLCKSZ);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read what pg_dump writes: %m")));
		dump->output.len += len;
		dump->output.data[dump->output.len] = '\0';
		return len > 0;
	}
}

/* The line that ends before *p, which is set to the next one; or NULL. */
static char *
take_line(char **p)
{
	char	   *end = strchr(*p, '\n');
	char	   *line;

	if (end == NULL)
		return NULL;
	line = pnstrdup(*p, end - *p);
	*p = end + 1;
	return line;
}

/* Of another major version it may write what this server does not know. */
static void
check_version(const char *line)
{
	static const char beginning[] = "pg_dump (PostgreSQL) ";
	int			major = strncmp(line, beginning, strlen(beginning)) == 0 ?
		atoi(line + strlen(beginning)) : 0;

	if (major != mig_server_version() / 10000)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the server's pg_dump is of another version: \"%s\"", line),
				 errhint(HINT_GIVE_TEXT)));
}

/* As far as it is readable in this database's encoding. */
static char *
read_complaints(Dump *dump)
{
	char	   *text = palloc(MOST_COMPLAINTS + 1);
	int			len = FileRead(dump->complaints, text, MOST_COMPLAINTS, 0, PG_WAIT_EXTENSION);
	char	   *p;

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\0'))
		len--;
	text[Max(len, 0)] = '\0';
	if (!pg_verify_mbstr(GetDatabaseEncoding(), text, strlen(text), true))
	{
		for (p = text; *p; p++)
		{
			if (IS_HIGHBIT_SET(*p))
				*p = '?';
		}
	}
	return text;
}

static void
check_outcome(Dump *dump, int status)
{
	char	   *complaints;

	if (status == 0)
		return;
	complaints = read_complaints(dump);
	ereport(ERROR,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg("pg_dump could not dump this database"),
			 complaints[0] ? errdetail_internal("%s", complaints) :
			 errdetail_internal("It ended with: %s.", wait_result_to_str(status)),
			 errhint("It connects to the server's own socket as role \"%s\" without a password, and waits %d s for a lock. "
					 HINT_GIVE_TEXT,
					 GetUserNameFromId(GetUserId(), false), LOCK_WAIT_TIMEOUT / 1000)));
}

static void
read_dump(Dump *dump)
{
	bool		checked = false;
	bool		more = true;

	while (more)
	{
		char	   *p;
		char	   *line;

		more = read_some(dump);
		p = dump->output.data;
		if (!checked && (line = take_line(&p)) != NULL)
		{
			dump->pid = (pid_t) strtol(line, NULL, 10);
			if ((line = take_line(&p)) != NULL)
			{
				check_version(line);
				checked = true;
			}
		}
	}
}

static void
refuse_what_it_would_not_see(void)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_EXECUTE_SERVER_PROGRAM))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to run pg_dump on the server"),
				 errdetail("Only roles with privileges of the \"pg_execute_server_program\" role may do so."),
				 errhint(HINT_GIVE_TEXT)));
	if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("the schema cannot be dumped in a transaction that has changed something"),
				 errdetail("pg_dump sees only what is committed."),
				 errhint("Commit first. Or run pg_dump -s yourself, and give what it writes as the argument \"script\".")));
}

/*
 * mig_dump_schema
 *		What pg_dump -s writes about this database; palloc'd.
 *
 * Raises an error if the caller may not run programs on the server, or has
 * changed something that is not committed.
 */
char *
mig_dump_schema(void)
{
	Dump		dump = {0};
	char	   *text;
	int			status;

	refuse_what_it_would_not_see();
	initStringInfo(&dump.output);
	dump.complaints = OpenTemporaryFile(false);
	dump.pipe = OpenPipeStream(make_command(FilePathName(dump.complaints)), "r");
	if (dump.pipe == NULL)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not run pg_dump: %m")));
	PG_ENSURE_ERROR_CLEANUP(stop_program, PointerGetDatum(&dump));
	{
		read_dump(&dump);
	}
	PG_END_ENSURE_ERROR_CLEANUP(stop_program, PointerGetDatum(&dump));
	status = ClosePipeStream(dump.pipe);
	check_outcome(&dump, status);
	FileClose(dump.complaints);

	text = dump.output.data;
	if (take_line(&text) == NULL || take_line(&text) == NULL)
		elog(ERROR, "pg_dump wrote nothing");
	(void) pg_verifymbstr(text, strlen(text), false);
	return text;
}
