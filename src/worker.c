/*-------------------------------------------------------------------------
 *
 * worker.c
 *	  The background workers: the processes themselves.
 *
 * A job's worker connects as whoever logged in to its caller's session,
 * becomes the session's and then the current role of that, takes over a list
 * of settings, and runs the plan.  Its notices and errors go to the caller by
 * a queue, as long as that reads them.
 *
 * The recorder connects as the bootstrap superuser, so that it needs neither
 * the caller's right to log in nor a connection of theirs; it executes none
 * of their text, and log.c works as the extension's owner.  It takes no
 * lock for longer than MIG_RECORDER_LOCK_TIMEOUT, because the caller that
 * waits for it may hold that lock.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "compat.h"

#include "access/transam.h"
#include "access/xact.h"
#include "libpq/pqformat.h"
#include "libpq/pqmq.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "storage/shm_toc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

static const size_t text_fields[] = {
	offsetof(MigEvent, project), offsetof(MigEvent, event),
	offsetof(MigEvent, version), offsetof(MigEvent, name),
	offsetof(MigEvent, session_role), offsetof(MigEvent, acting_role),
	offsetof(MigEvent, client_addr), offsetof(MigEvent, application),
	offsetof(MigEvent, restore_point), offsetof(MigEvent, reason),
	offsetof(MigEvent, sqlstate),
	offsetof(MigEvent, message), offsetof(MigEvent, detail),
	offsetof(MigEvent, hint), offsetof(MigEvent, context),
	offsetof(MigEvent, path), offsetof(MigEvent, statement)
};

static const size_t bytea_fields[] = {
	offsetof(MigEvent, key), offsetof(MigEvent, checksum)
};

#define event_field(event, offset) (*(void **) ((char *) (event) + (offset)))

static void
send_block(StringInfo buf, const void *data, int len)
{
	pq_sendint32(buf, len);
	if (len > 0)
		appendBinaryStringInfo(buf, data, len);
}

/*
 * mig_event_serialize
 *		Append an event to buf, to be read in another process of this server.
 */
void
mig_event_serialize(const MigEvent *event, StringInfo buf)
{
	int			i;

	send_block(buf, event, sizeof(MigEvent));
	for (i = 0; i < lengthof(text_fields); i++)
	{
		char	   *text = event_field(event, text_fields[i]);

		send_block(buf, text, text ? strlen(text) + 1 : -1);
	}
	for (i = 0; i < lengthof(bytea_fields); i++)
	{
		bytea	   *value = event_field(event, bytea_fields[i]);

		send_block(buf, value, value ? VARSIZE_ANY(value) : -1);
	}
}

/* A palloc'd copy of the next block, NULL for one that says so. */
static void *
receive_block(StringInfo buf)
{
	int			len = (int) pq_getmsgint(buf, 4);
	void	   *copy;

	if (len < 0)
		return NULL;
	copy = palloc(Max(len, 1));
	memcpy(copy, pq_getmsgbytes(buf, len), len);
	return copy;
}

/* Read what mig_event_serialize() wrote; all fields are palloc'd. */
static void
deserialize_event(const char *data, Size size, MigEvent *event)
{
	StringInfoData buf;
	int			i;

	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, data, size);
	memcpy(event, receive_block(&buf), sizeof(MigEvent));
	for (i = 0; i < lengthof(text_fields); i++)
		event_field(event, text_fields[i]) = receive_block(&buf);
	for (i = 0; i < lengthof(bytea_fields); i++)
		event_field(event, bytea_fields[i]) = receive_block(&buf);
}

/* Whatever ends the worker before it is done is a failure to its caller. */
static void
recorder_exit(int code, Datum arg)
{
	MigRecorderShared *shared = (MigRecorderShared *) DatumGetPointer(arg);

	if (pg_atomic_read_u32(&shared->state) == MIG_RECORDER_STARTED)
		pg_atomic_write_u32(&shared->state, MIG_RECORDER_FAILED);
}

/*
 * migrate_recorder_main
 *		Append the event in the segment to the log, commit and exit.
 */
void
migrate_recorder_main(Datum arg)
{
	char		timeout[32];
	dsm_segment *segment;
	MigRecorderShared *shared;
	MigChain	chain = {0};
	MigEvent	event;
	Oid			database;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	CurrentResourceOwner = ResourceOwnerCreate(NULL, "migrate recorder");
	segment = dsm_attach(DatumGetUInt32(arg));
	if (segment == NULL)
		proc_exit(0);			/* the caller has given up */
	dsm_unpin_segment(DatumGetUInt32(arg));
	dsm_pin_mapping(segment);
	shared = dsm_segment_address(segment);
	before_shmem_exit(recorder_exit, PointerGetDatum(shared));

	memcpy(&database, MyBgworkerEntry->bgw_extra, sizeof(Oid));
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid,
											  BGWORKER_BYPASS_ALLOWCONN);
	snprintf(timeout, sizeof(timeout), "%d", MIG_RECORDER_LOCK_TIMEOUT);
	SetConfigOption("lock_timeout", timeout, PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_read_only", "off", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_isolation", "read committed", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_OVERRIDE);

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, "migrate: recording a failure");
	deserialize_event(shared->data, shared->size, &event);
	chain.project = event.project;
	mig_chain_append(&chain, &event);
	mig_chain_close(&chain);
	PopActiveSnapshot();
	CommitTransactionCommand();

	pg_atomic_write_u32(&shared->state, MIG_RECORDER_DONE);
	proc_exit(0);
}

static void
send_mark(char mark)
{
	StringInfoData buf;

	pq_beginmessage(&buf, mark);
	pq_endmessage(&buf);
}

static char *
next_string(char **strings)
{
	char	   *string = *strings;

	*strings += strlen(string) + 1;
	return string;
}

/* Be who the caller was, with the caller's settings. */
static void
take_over(const MigJobShared *shared, const char *role, char *strings)
{
	int			i;

	SetConfigOption("default_transaction_read_only", "off", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_isolation", "read committed", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_deferrable", "off", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("client_encoding", GetDatabaseEncodingName(), PGC_USERSET, PGC_S_OVERRIDE);

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	for (i = 0; i < shared->nsettings; i++)
	{
		const char *name = next_string(&strings);
		const char *value = next_string(&strings);
		const char *here = GetConfigOption(name, true, false);

		if (here != NULL && strcmp(here, value) != 0)
			(void) set_config_option(name, value, superuser() ? PGC_SUSET : PGC_USERSET,
									 PGC_S_CLIENT, GUC_ACTION_SET, true, WARNING, false);
	}
	if (GetSessionUserId() != shared->session_user)
		(void) set_config_option("session_authorization",
								 GetUserNameFromId(shared->session_user, false),
								 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SET, true, 0, false);
	(void) set_config_option("role", role, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SET, true, 0, false);
	CommitTransactionCommand();
}

/* Wait until the transaction is over that wants the job; does it still? */
static bool
is_wanted(const MigJobShared *shared)
{
	MigJobEnd	end;
	bool		wanted;

	/* a cancel is recorded as the job's outcome, if it comes to be one */
	HOLD_CANCEL_INTERRUPTS();
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	if (TransactionIdIsValid(shared->xid))
	{
		int			timeout = LockTimeout;

		/* this wait is bounded by that transaction alone */
		pgstat_report_activity(STATE_RUNNING,
							   "migrate: waiting for the transaction that started the job");
		LockTimeout = 0;
		XactLockTableWait(shared->xid, NULL, NULL, XLTW_None);
		LockTimeout = timeout;
	}
	wanted = mig_job_read(shared->job, &end);
	CommitTransactionCommand();
	RESUME_CANCEL_INTERRUPTS();
	return wanted;
}

/*
 * migrate_worker_main
 *		Run a job.
 */
void
migrate_worker_main(Datum arg)
{
	dsm_segment *segment;
	shm_toc    *toc;
	shm_mq	   *queue;
	MigJobShared *shared;
	MemoryContext context;
	char	   *strings;
	char	   *target;
	char	   *client_addr;
	char	   *role;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	CurrentResourceOwner = ResourceOwnerCreate(NULL, "migrate worker");
	context = AllocSetContextCreate(TopMemoryContext, "migrate worker",
									ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	segment = dsm_attach(DatumGetUInt32(arg));
	if (segment == NULL)
		proc_exit(0);			/* the caller has given up */
	toc = shm_toc_attach(MIG_JOB_MAGIC, dsm_segment_address(segment));
	if (toc == NULL)
		elog(ERROR, "not a job's segment");
	shared = shm_toc_lookup(toc, MIG_JOB_KEY_FIXED, false);
	strings = shm_toc_lookup(toc, MIG_JOB_KEY_STRINGS, false);
	queue = shm_toc_lookup(toc, MIG_JOB_KEY_QUEUE, false);
	shm_mq_set_sender(queue, MyProc);
	pq_redirect_to_shm_mq(segment, shm_mq_attach(queue, segment, NULL));
	dsm_pin_mapping(segment);
	target = next_string(&strings);
	client_addr = next_string(&strings);
	role = next_string(&strings);

	BackgroundWorkerInitializeConnectionByOid(shared->database, shared->authenticated_user,
											  MIG_WORKER_FLAGS);
	PG_TRY();
	{
		/* what audits a session has to see this one too */
		process_session_preload_libraries();
		take_over(shared, role, strings);
		SetCurrentStatementStartTimestamp();
		StartTransactionCommand();
		(void) mig_session_lock(MIG_LOCK_JOB, shared->job, ExclusiveLock);
		CommitTransactionCommand();
		send_mark(MIG_MESSAGE_READY);
		if (is_wanted(shared))
			mig_deploy(shared->job, shared->down, shared->has_target ? target : NULL,
					   client_addr[0] ? client_addr : NULL);
		send_mark(MIG_MESSAGE_DONE);
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(context);
		EmitErrorReport();
		FlushErrorState();
		AbortOutOfAnyTransaction();
	}
	PG_END_TRY();
	proc_exit(0);
}
