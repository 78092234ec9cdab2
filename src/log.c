/*-------------------------------------------------------------------------
 *
 * log.c
 *	  The log: what was done to a project's migrations, entry by entry, each
 *	  with the hash of the one before it.
 *
 * Owns migrate_log and migrate_log_head, what of an entry is hashed and how.
 * catalog.c and log.c are the only files that touch our tables, and this one
 * does so by catalog.c's means (catalog.h): as the extension's owner, and
 * never while a migration's text runs.  An entry is appended, never changed.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "compat.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_log_append_only);
PG_FUNCTION_INFO_V1(migrate_verify_log);

/* Attributes of migrate_log, and of Q_APPEND's parameters. */
enum
{
	LOG_PROJECT, LOG_ID, LOG_EVENT, LOG_OUTCOME, LOG_TARGET_SCHEMA,
	LOG_VERSION_KEY, LOG_VERSION, LOG_NAME, LOG_CHECKSUM, LOG_STATEMENTS,
	LOG_STARTED, LOG_FINISHED, LOG_DURATION, LOG_SESSION_ROLE,
	LOG_ACTING_ROLE, LOG_CLIENT_ADDR, LOG_APPLICATION, LOG_PID,
	LOG_SERVER_VERSION, LOG_LSN, LOG_RESTORE_POINT, LOG_JOB, LOG_REASON, LOG_SQLSTATE,
	LOG_MESSAGE, LOG_DETAIL, LOG_HINT, LOG_CONTEXT, LOG_PATH, LOG_LINE,
	LOG_STATEMENT_NO, LOG_STATEMENT, LOG_PREVIOUS_HASH, LOG_HASH, LOG_COLUMNS
};

/* The trigger on every other way to change the log. */
Datum
migrate_log_append_only(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_APPEND_ONLY),
			 errmsg("the migration log can be appended to, not edited"),
			 errhint("What it says is history; record a correction with migrate_mark(), migrate_unmark() or migrate_repair().")));
	return PointerGetDatum(NULL);
}

/* So that no two different rows are the same bytes, in any encoding. */
static void
hash_field(pg_cryptohash_ctx *hash, Oid type, Datum value, bool isnull)
{
	uint8		header[9];
	uint64		number;

	if (isnull)
	{
		header[0] = 'n';
		mig_hash_update(hash, header, 1);
		return;
	}
	if (type == TEXTOID || type == BYTEAOID)
	{
		struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
		char	   *data = VARDATA_ANY(packed);
		int			len = VARSIZE_ANY_EXHDR(packed);

		if (type == TEXTOID)
		{
			char	   *utf8 = pg_server_to_any(data, len, PG_UTF8);

			if (utf8 != data)
			{
				data = utf8;
				len = strlen(utf8);
			}
		}
		header[0] = 'v';
		number = pg_hton64((uint64) len);
		memcpy(header + 1, &number, 8);
		mig_hash_update(hash, header, 9);
		mig_hash_update(hash, data, len);
		return;
	}
	header[0] = 'i';
	number = pg_hton64(type == INT4OID ? (uint64) (int64) DatumGetInt32(value) :
					   (uint64) DatumGetInt64(value));
	memcpy(header + 1, &number, 8);
	mig_hash_update(hash, header, 9);
}

/* The hash of a log entry: of every column but the last. */
static void
hash_entry(Datum *values, bool *nulls, uint8 *result)
{
	pg_cryptohash_ctx *hash = mig_hash_begin();
	const Oid  *types = mig_query_types(Q_APPEND);
	int			i;

	for (i = 0; i < LOG_HASH; i++)
		hash_field(hash, types[i], values[i], nulls[i]);
	memcpy(result, VARDATA(mig_hash_end(hash)), MIG_HASH_LENGTH);
}

static bytea *
hash_bytea(const uint8 *hash)
{
	bytea	   *result = palloc(VARHDRSZ + MIG_HASH_LENGTH);

	SET_VARSIZE(result, VARHDRSZ + MIG_HASH_LENGTH);
	memcpy(VARDATA(result), hash, MIG_HASH_LENGTH);
	return result;
}

/* The client's address as text, NULL for a local one. */
static char *
client_address(void)
{
	LOCAL_FCINFO(fcinfo, 0);
	Datum		address;

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	address = inet_client_addr(fcinfo);
	return fcinfo->isnull ? NULL :
		DatumGetCString(DirectFunctionCall1(inet_out, address));
}

/*
 * mig_event_init
 *		Begin an event: what happened, by whom and from where.
 */
void
mig_event_init(MigEvent *event, const char *project, const char *name)
{
	memset(event, 0, sizeof(MigEvent));
	event->project = project;
	event->event = name;
	event->statements = -1;
	event->session_role = GetUserNameFromId(GetSessionUserId(), true);
	event->acting_role = GetUserNameFromId(GetUserId(), true);
	event->client_addr = client_address();
	event->application = application_name ? pstrdup(application_name) : NULL;
	event->pid = MyProcPid;
}

/*
 * mig_event_about
 *		Say which migration an event is about, and that it is over now.
 */
void
mig_event_about(MigEvent *event, const MigEntry *entry)
{
	event->key = entry->key;
	event->version = entry->version;
	event->name = entry->name;
	event->checksum = entry->checksum;
	event->started = event->finished = GetCurrentTimestamp();
	event->wal_lsn = GetXLogInsertRecPtr();
}

/* Lock the end of the project's chain for this transaction. */
static void
chain_open(MigChain *chain)
{
	uint8		zero[MIG_HASH_LENGTH] = {0};
	Datum		values[2] = {
		CStringGetTextDatum(chain->project), PointerGetDatum(hash_bytea(zero))
	};
	bool		isnull;
	bytea	   *hash;

	if (mig_run_query(Q_LOCK_CHAIN, values, NULL) == 0)
	{
		mig_run_query(Q_NEW_CHAIN, values, NULL);
		if (mig_run_query(Q_LOCK_CHAIN, values, NULL) == 0)
			elog(ERROR, "could not begin the log of project \"%s\"", chain->project);
	}
	chain->entries = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
												 SPI_tuptable->tupdesc, 1, &isnull));
	hash = DatumGetByteaPP(SPI_getbinval(SPI_tuptable->vals[0],
										 SPI_tuptable->tupdesc, 2, &isnull));
	if (VARSIZE_ANY_EXHDR(hash) != MIG_HASH_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the end of the migration log was tampered with"),
				 errhint("See migrate_verify_log().")));
	memcpy(chain->hash, VARDATA_ANY(hash), MIG_HASH_LENGTH);
	chain->open = true;
}

/*
 * mig_chain_append
 *		Append an event to its project's log.
 *
 * The first append locks the chain until the transaction ends; several may
 * follow, and mig_chain_close() must come after the last.
 */
void
mig_chain_append(MigChain *chain, const MigEvent *event)
{
	MigVisit	visit = mig_enter();
	Datum		values[LOG_COLUMNS] = {0};
	bool		nulls[LOG_COLUMNS] = {false};

	if (!chain->open)
		chain_open(chain);

	values[LOG_PROJECT] = CStringGetTextDatum(chain->project);
	values[LOG_ID] = Int64GetDatum(chain->entries + 1);
	values[LOG_EVENT] = CStringGetTextDatum(event->event);
	values[LOG_OUTCOME] = CStringGetTextDatum(event->failed ? "failed" : "ok");
	values[LOG_TARGET_SCHEMA] = CStringGetTextDatum("");
	values[LOG_VERSION_KEY] = PointerGetDatum(event->key);
	values[LOG_VERSION] = CStringGetTextDatum(event->version);
	values[LOG_NAME] = CStringGetTextDatum(event->name);
	nulls[LOG_CHECKSUM] = event->checksum == NULL;
	values[LOG_CHECKSUM] = PointerGetDatum(event->checksum);
	nulls[LOG_STATEMENTS] = event->statements < 0;
	values[LOG_STATEMENTS] = Int32GetDatum(event->statements);
	values[LOG_STARTED] = TimestampTzGetDatum(event->started);
	values[LOG_FINISHED] = TimestampTzGetDatum(event->finished);
	values[LOG_DURATION] = Int64GetDatum(event->duration_us);
	values[LOG_SESSION_ROLE] = CStringGetTextDatum(event->session_role ? event->session_role : "?");
	values[LOG_ACTING_ROLE] = CStringGetTextDatum(event->acting_role ? event->acting_role : "?");
	values[LOG_CLIENT_ADDR] = mig_text_datum(event->client_addr, &nulls[LOG_CLIENT_ADDR]);
	values[LOG_APPLICATION] = mig_text_datum(event->application, &nulls[LOG_APPLICATION]);
	values[LOG_PID] = Int32GetDatum(event->pid);
	values[LOG_SERVER_VERSION] = Int32GetDatum(mig_server_version());
	nulls[LOG_LSN] = event->wal_lsn == 0;
	values[LOG_LSN] = LSNGetDatum(event->wal_lsn);
	values[LOG_RESTORE_POINT] = mig_text_datum(event->restore_point, &nulls[LOG_RESTORE_POINT]);
	nulls[LOG_JOB] = event->job == 0;
	values[LOG_JOB] = Int64GetDatum(event->job);
	values[LOG_REASON] = mig_text_datum(event->reason, &nulls[LOG_REASON]);
	values[LOG_SQLSTATE] = mig_text_datum(event->sqlstate, &nulls[LOG_SQLSTATE]);
	values[LOG_MESSAGE] = mig_text_datum(event->message, &nulls[LOG_MESSAGE]);
	values[LOG_DETAIL] = mig_text_datum(event->detail, &nulls[LOG_DETAIL]);
	values[LOG_HINT] = mig_text_datum(event->hint, &nulls[LOG_HINT]);
	values[LOG_CONTEXT] = mig_text_datum(event->context, &nulls[LOG_CONTEXT]);
	values[LOG_PATH] = mig_text_datum(event->path, &nulls[LOG_PATH]);
	nulls[LOG_LINE] = event->line <= 0;
	values[LOG_LINE] = Int32GetDatum(event->line);
	nulls[LOG_STATEMENT_NO] = event->statement_no <= 0;
	values[LOG_STATEMENT_NO] = Int32GetDatum(event->statement_no);
	values[LOG_STATEMENT] = mig_text_datum(event->statement, &nulls[LOG_STATEMENT]);
	values[LOG_PREVIOUS_HASH] = PointerGetDatum(hash_bytea(chain->hash));
	hash_entry(values, nulls, chain->hash);
	values[LOG_HASH] = PointerGetDatum(hash_bytea(chain->hash));
	mig_run_query(Q_APPEND, values, nulls);
	chain->entries++;
	mig_leave(&visit);
}

/*
 * mig_chain_close
 *		Remember where the chain now ends.  Harmless if nothing was appended.
 */
void
mig_chain_close(MigChain *chain)
{
	if (chain->open)
	{
		MigVisit	visit = mig_enter();
		Datum		values[3] = {
			CStringGetTextDatum(chain->project), Int64GetDatum(chain->entries),
			PointerGetDatum(hash_bytea(chain->hash))
		};

		mig_run_query(Q_SET_CHAIN, values, NULL);
		chain->open = false;
		mig_leave(&visit);
	}
}

/*
 * mig_log_rolled_back
 *		When each text of a project was last rolled back, in order of the keys.
 */
MigRolledBack *
mig_log_rolled_back(const char *project, int *n)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	uint64		rows = mig_run_query(Q_ROLLED_BACK, values, NULL);
	MigRolledBack *result = MemoryContextAllocHuge(visit.caller,
												   sizeof(MigRolledBack) * Max(rows, 1));
	uint64		i;

	for (i = 0; i < rows; i++)
	{
		result[i].key = mig_bytea_field(&visit, i, 1);
		result[i].checksum = mig_bytea_field(&visit, i, 2);
		result[i].at = mig_int_field(i, 3, 0);
	}
	mig_leave(&visit);
	*n = (int) rows;
	return result;
}

/*
 * mig_log_prospect
 *		Is a version to be expected?  Its text is registered, somebody is
 *		running migrations, or the last one to do so failed.
 */
void
mig_log_prospect(const char *project, const bytea *versioned, const bytea *repeatable,
				 MigProspect *prospect)
{
	MigVisit	visit = mig_enter();
	Datum		values[3] = {
		CStringGetTextDatum(project), PointerGetDatum(versioned), PointerGetDatum(repeatable)
	};

	mig_run_query(Q_PROSPECT, values, NULL);
	prospect->registered = mig_bool_field(0, 1);
	prospect->runner = mig_text_field(&visit, 0, 2);
	prospect->failure = mig_text_field(&visit, 0, 3);
	mig_leave(&visit);
}

static void
add_problem(ReturnSetInfo *result, const char *project, int64 id,
			const char *problem)
{
	Datum		values[3] = {
		CStringGetTextDatum(project), Int64GetDatum(id), CStringGetTextDatum(problem)
	};
	bool		nulls[3] = {false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Follow one project's chain; its entries come in order of their numbers. */
static void
verify_chain(ReturnSetInfo *result, const char *project, bool has_head,
			 int64 entries, const bytea *head)
{
	Datum		value = CStringGetTextDatum(project);
	Portal		portal = SPI_cursor_open(NULL, mig_query_plan(Q_READ_LOG), &value,
										 NULL, true);
	uint8		previous[MIG_HASH_LENGTH] = {0};
	int64		expected = 1;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "migrate verify log",
												  ALLOCSET_DEFAULT_SIZES);

	for (;;)
	{
		uint64		i;

		SPI_cursor_fetch(portal, true, 1000);
		if (SPI_processed == 0)
			break;
		for (i = 0; i < SPI_processed; i++)
		{
			Datum		values[LOG_COLUMNS];
			bool		nulls[LOG_COLUMNS];
			uint8		hash[MIG_HASH_LENGTH];
			bytea	   *stored;
			bytea	   *stored_previous;
			int64		id;
			MemoryContext old = MemoryContextSwitchTo(context);

			heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
							  values, nulls);
			id = DatumGetInt64(values[LOG_ID]);
			if (id > expected)
				add_problem(result, project, expected,
							id - expected == 1 ? "this entry is missing" :
							psprintf("%lld entries from here on are missing",
									 (long long) (id - expected)));
			stored = DatumGetByteaPP(values[LOG_HASH]);
			stored_previous = DatumGetByteaPP(values[LOG_PREVIOUS_HASH]);
			hash_entry(values, nulls, hash);
			if (VARSIZE_ANY_EXHDR(stored) != MIG_HASH_LENGTH ||
				memcmp(VARDATA_ANY(stored), hash, MIG_HASH_LENGTH) != 0)
				add_problem(result, project, id, "this entry was changed");
			else if (id == expected &&
					 (VARSIZE_ANY_EXHDR(stored_previous) != MIG_HASH_LENGTH ||
					  memcmp(VARDATA_ANY(stored_previous), previous, MIG_HASH_LENGTH) != 0))
				add_problem(result, project, id,
							"this entry does not follow the one before it");
			memset(previous, 0, sizeof(previous));
			memcpy(previous, VARDATA_ANY(stored),
				   Min(VARSIZE_ANY_EXHDR(stored), MIG_HASH_LENGTH));
			expected = id + 1;
			MemoryContextSwitchTo(old);
			MemoryContextReset(context);
		}
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	MemoryContextDelete(context);

	if (!has_head)
		add_problem(result, project, expected - 1, "the end of the log is not known any more");
	else if (expected - 1 < entries)
		add_problem(result, project, expected,
					entries == expected ? "the last entry is missing" :
					psprintf("the last %lld entries are missing",
							 (long long) (entries - expected + 1)));
	else if (expected - 1 > entries ||
			 VARSIZE_ANY_EXHDR(head) != MIG_HASH_LENGTH ||
			 memcmp(VARDATA_ANY(head), previous, MIG_HASH_LENGTH) != 0)
		add_problem(result, project, expected - 1, "the log does not end where it was left");
}

/* What is wrong with the chains of all projects; no row if nothing is. */
Datum
migrate_verify_log(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MigVisit	visit;
	SPITupleTable *chains;
	uint64		rows;
	uint64		i;

	InitMaterializedSRF(fcinfo, 0);
	visit = mig_enter();
	rows = mig_run_query(Q_READ_CHAINS, NULL, NULL);
	chains = SPI_tuptable;
	for (i = 0; i < rows; i++)
	{
		HeapTuple	tuple = chains->vals[i];
		bool		no_head;
		bool		isnull;
		char	   *project = SPI_getvalue(tuple, chains->tupdesc, 1);
		int64		entries = DatumGetInt64(SPI_getbinval(tuple, chains->tupdesc, 2, &no_head));
		Datum		head = SPI_getbinval(tuple, chains->tupdesc, 3, &isnull);

		verify_chain(result, project, !no_head, entries,
					 no_head ? NULL : DatumGetByteaPP(head));
	}
	mig_leave(&visit);
	return (Datum) 0;
}
