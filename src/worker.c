/*-------------------------------------------------------------------------
 *
 * worker.c
 *	  The background worker: the process itself.
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

#include "access/xact.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
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
	offsetof(MigEvent, reason), offsetof(MigEvent, sqlstate),
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
