/*-------------------------------------------------------------------------
 *
 * journal.c
 *	  What a worker leaves behind for those who come after it: how far a
 *	  migration has come that commits statement by statement, and how its job
 *	  ended.
 *
 * catalog.c, journal.c and log.c are the only files that touch our tables,
 * and this one does so by catalog.c's means (catalog.h): as the extension's
 * owner, and never while a migration's text runs.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

/*
 * mig_journal_read
 *		The journal of a migration; false if it is not half done.
 */
bool
mig_journal_read(const char *project, const bytea *key, MigJournal *journal)
{
	MigVisit	visit = mig_enter();
	bool		found = mig_run_for_key(Q_JOURNAL_READ, project, key) > 0;

	memset(journal, 0, sizeof(MigJournal));
	if (found)
	{
		char	   *direction = mig_text_field(&visit, 0, 1);
		char	   *outcome = mig_text_field(&visit, 0, 7);

		journal->down = direction[0] == 'd';
		journal->done = mig_int_field(0, 2, 0);
		journal->total = mig_int_field(0, 3, 0);
		journal->done_hash = mig_bytea_field(&visit, 0, 4);
		journal->begun = mig_int_field(0, 5, 0);
		journal->note = mig_text_field(&visit, 0, 6);
		journal->unknown = outcome != NULL && outcome[0] == 'u';
		journal->statement = mig_text_field(&visit, 0, 8);
		journal->by_statement = mig_bool_field(0, 9);
	}
	mig_leave(&visit);
	return found;
}

/*
 * mig_journal_fits
 *		Does a script begin with what was done of it before?
 */
bool
mig_journal_fits(const MigJournal *journal, const MigParsed *parsed)
{
	bytea	   *hash = mig_statement_hash(NULL, NULL);
	bool		unit_begins = journal->done == parsed->nstmts;
	int			i;

	for (i = 0; i < journal->done && i < parsed->nstmts; i++)
		hash = mig_statement_hash(hash, &parsed->stmts[i]);
	for (i = 0; i < parsed->nunits; i++)
		unit_begins = unit_begins || parsed->units[i].first == journal->done;
	return unit_begins && journal->done <= parsed->nstmts &&
		mig_key_cmp(hash, journal->done_hash) == 0;
}

/*
 * mig_journal_settle
 *		No statement is in doubt any more.
 */
void
mig_journal_settle(MigJournal *journal)
{
	journal->begun = 0;
	journal->statement = NULL;
	journal->note = NULL;
	journal->unknown = false;
}

/*
 * mig_journal_begin
 *		Open the journal of a migration.  The primary key allows one.
 */
void
mig_journal_begin(const char *project, const MigEntry *entry,
				  const MigJournal *journal, int64 job)
{
	MigVisit	visit = mig_enter();
	Datum		values[9] = {
		CStringGetTextDatum(project), PointerGetDatum(entry->key),
		CStringGetTextDatum(entry->version), CStringGetTextDatum(entry->name),
		CStringGetTextDatum(journal->down ? "down" : "up"),
		Int32GetDatum(journal->total), PointerGetDatum(journal->done_hash),
		Int64GetDatum(job), BoolGetDatum(journal->by_statement)
	};

	mig_run_query(Q_JOURNAL_INSERT, values, NULL);
	mig_leave(&visit);
}

/*
 * mig_journal_write
 *		Bring the journal of a migration up to date.  Without a message the
 *		last attempt has not failed; job 0 leaves whose it is.
 */
void
mig_journal_write(const char *project, const bytea *key, const MigJournal *journal,
				  const char *message, int64 job)
{
	MigVisit	visit = mig_enter();
	Datum		values[11] = {
		CStringGetTextDatum(project), PointerGetDatum(key),
		Int32GetDatum(journal->done), Int32GetDatum(journal->total),
		PointerGetDatum(journal->done_hash), Int32GetDatum(journal->begun)
	};
	bool		nulls[11] = {false};

	nulls[5] = journal->begun == 0;
	values[6] = mig_text_datum(journal->note, &nulls[6]);
	values[7] = mig_text_datum(journal->unknown ? "unknown" : message ? "failed" : NULL,
							   &nulls[7]);
	values[8] = mig_text_datum(message, &nulls[8]);
	values[9] = Int64GetDatum(job);
	nulls[9] = job == 0;
	values[10] = mig_text_datum(journal->statement, &nulls[10]);
	mig_run_query(Q_JOURNAL_UPDATE, values, nulls);
	mig_leave(&visit);
}

/*
 * mig_journal_delete
 *		Forget the journal of a migration; was there one?
 */
bool
mig_journal_delete(const char *project, const bytea *key)
{
	MigVisit	visit = mig_enter();
	bool		found = mig_run_for_key(Q_JOURNAL_DELETE, project, key) > 0;

	mig_leave(&visit);
	return found;
}

/*
 * mig_job_new
 *		Register a job, which begins when this transaction commits; its number.
 */
int64
mig_job_new(const char *project, bool down, const char *target,
			const MigEvent *who)
{
	MigVisit	visit = mig_enter();
	Datum		values[7] = {
		CStringGetTextDatum(project), CStringGetTextDatum(down ? "undo" : "deploy")
	};
	bool		nulls[7] = {false};
	int64		job;

	values[2] = mig_text_datum(target, &nulls[2]);
	values[3] = mig_text_datum(who->session_role, &nulls[3]);
	values[4] = mig_text_datum(who->acting_role, &nulls[4]);
	values[5] = mig_text_datum(who->client_addr, &nulls[5]);
	values[6] = mig_text_datum(who->application, &nulls[6]);
	mig_run_query(Q_JOB_NEW, values, nulls);
	job = mig_int_field(0, 1, 0);
	mig_leave(&visit);
	return job;
}

/*
 * mig_job_finish
 *		Record how a job ended: without an error it is done.
 */
void
mig_job_finish(int64 job, int steps, int steps_done, const ErrorData *error)
{
	MigVisit	visit = mig_enter();
	Datum		values[9] = {
		Int64GetDatum(job),
		CStringGetTextDatum(error == NULL ? "done" :
							error->sqlerrcode == ERRCODE_QUERY_CANCELED ? "canceled" : "failed"),
		Int32GetDatum(steps), Int32GetDatum(steps_done)
	};
	bool		nulls[9] = {false};

	values[4] = mig_text_datum(error ? unpack_sql_state(error->sqlerrcode) : NULL, &nulls[4]);
	values[5] = mig_text_datum(error ? error->message : NULL, &nulls[5]);
	values[6] = mig_text_datum(error ? error->detail : NULL, &nulls[6]);
	values[7] = mig_text_datum(error ? error->hint : NULL, &nulls[7]);
	values[8] = mig_text_datum(error ? error->context : NULL, &nulls[8]);
	mig_run_query(Q_JOB_FINISH, values, nulls);
	mig_leave(&visit);
}

/*
 * mig_job_read
 *		How a job ended, with its error if it has one; false if there is no
 *		such job.
 */
bool
mig_job_read(int64 job, MigJobEnd *end)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {Int64GetDatum(job)};
	bool		found = mig_run_query(Q_JOB_READ, values, NULL) > 0;

	memset(end, 0, sizeof(MigJobEnd));
	if (found)
	{
		end->outcome = mig_text_field(&visit, 0, 1);
		end->sqlstate = mig_text_field(&visit, 0, 2);
		end->message = mig_text_field(&visit, 0, 3);
		end->detail = mig_text_field(&visit, 0, 4);
		end->hint = mig_text_field(&visit, 0, 5);
		end->context = mig_text_field(&visit, 0, 6);
		end->steps_done = mig_int_field(0, 7, 0);
	}
	mig_leave(&visit);
	return found;
}

/*
 * mig_job_pid
 *		The process that works on a job, 0 if none does.
 */
int
mig_job_pid(int64 job)
{
	MigVisit	visit = mig_enter();
	Datum		values[3] = {
		ObjectIdGetDatum(MyDatabaseId), ObjectIdGetDatum((uint32) (job >> 32)),
		ObjectIdGetDatum((uint32) job)
	};
	int			pid = 0;

	if (mig_run_query(Q_JOB_PID, values, NULL) > 0)
		pid = mig_int_field(0, 1, 0);
	mig_leave(&visit);
	return pid;
}

/*
 * mig_blockers
 *		A sentence part on who blocks a process, or on the processes that are
 *		said to; NULL if nobody does.
 */
char *
mig_blockers(int pid, ArrayType *blockers)
{
	MigVisit	visit = mig_enter();
	Datum		values[2] = {Int32GetDatum(pid), PointerGetDatum(blockers)};
	bool		nulls[2] = {false, blockers == NULL};
	char	   *text = NULL;

	if (mig_run_query(Q_BLOCKERS, values, nulls) > 0)
		text = mig_text_field(&visit, 0, 1);
	mig_leave(&visit);
	return text;
}

/*
 * mig_advisory_holders
 *		A sentence part on who has an advisory lock of a user's key; NULL if
 *		nobody has.
 */
char *
mig_advisory_holders(int64 key)
{
	MigVisit	visit = mig_enter();
	Datum		values[3] = {
		ObjectIdGetDatum(MyDatabaseId), ObjectIdGetDatum((uint32) ((uint64) key >> 32)),
		ObjectIdGetDatum((uint32) key)
	};
	char	   *text = NULL;

	if (mig_run_query(Q_ADVISORY_HOLDERS, values, NULL) > 0)
		text = mig_text_field(&visit, 0, 1);
	mig_leave(&visit);
	return text;
}
