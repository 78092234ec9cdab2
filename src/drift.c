/*-------------------------------------------------------------------------
 *
 * drift.c
 *	  The reference, which is what the database was when the last run ended,
 *	  and how runs keep it.
 *
 * A run changes in the reference only what it has changed itself: whatever
 * was otherwise before it began remains drift.  So it has to know how it
 * found the database.  Mostly that is as the reference says, and a stamp of
 * the catalogs tells so; else a snapshot is taken first.
 *
 * Owns migrate_reference, migrate_object and migrate_unsettled.  Expects a
 * transaction.  Runs of several projects do not wait for each other here, as
 * each changes the rows of what it has changed; who replaces the reference
 * waits for all.  So two may write the row of one component, if one commits on
 * its way and the other has seen that: the next run settles which is right.  A run is never stopped by this: what cannot be read or
 * written is a warning, and the next run starts the reference anew from where
 * it was left.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "compat.h"
#include "drift.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* How long a run waits for others' locks on what it reads, in ms. */
#define TRACKING_LOCK_TIMEOUT 2000

/* How often both are read while a run ends. */
#define ATTEMPTS 5

/* So many rows are written at a time. */
#define BATCH 5000

/* So many objects that have drifted are named. */
#define LISTED 5

/* Columns of Q_OBJECT_INSERT. */
enum
{
	OBJECT_KIND, OBJECT_IDENTITY, OBJECT_COMPONENT, OBJECT_HASH,
	OBJECT_DEFINITION, OBJECT_COLUMNS
};

/* Rows to be written. */
typedef struct Writing
{
	MemoryContext context;		/* of what is collected */
	Datum	   *columns[OBJECT_COLUMNS];
	Datum	   *gone;			/* places of rows to be deleted */
	int			n;
	int			ngone;
	bool		skipped;		/* another deletes one of them, or has */
} Writing;

static Datum *
new_column(void)
{
	return palloc(sizeof(Datum) * BATCH);
}

static void
begin_writing(Writing *writing)
{
	int			i;

	for (i = 0; i < OBJECT_COLUMNS; i++)
		writing->columns[i] = new_column();
	writing->gone = new_column();
	writing->n = writing->ngone = 0;
	writing->skipped = false;
	writing->context = AllocSetContextCreate(CurrentMemoryContext, "migrate objects written",
											 ALLOCSET_DEFAULT_SIZES);
}

/* Write what is collected, after mig_enter(). */
static void
flush(Writing *writing)
{
	MemoryContext caller = MemoryContextSwitchTo(writing->context);
	Datum		values[OBJECT_COLUMNS];
	int			i;

	if (writing->ngone > 0)
	{
		values[0] = mig_array_datum(writing->gone, writing->ngone, TIDOID);
		if (mig_run_query(Q_OBJECT_DELETE, values, NULL) < writing->ngone)
			writing->skipped = true;
	}
	if (writing->n > 0)
	{
		for (i = 0; i < OBJECT_COLUMNS; i++)
			values[i] = mig_array_datum(writing->columns[i], writing->n, TEXTOID);
		mig_run_query(Q_OBJECT_INSERT, values, NULL);
	}
	writing->n = writing->ngone = 0;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(writing->context);
}

static void
write_row(Writing *writing, const MigSnapshotRow *row)
{
	MemoryContext caller = MemoryContextSwitchTo(writing->context);
	int			n = writing->n++;

	writing->columns[OBJECT_KIND][n] = CStringGetTextDatum(row->kind);
	writing->columns[OBJECT_IDENTITY][n] = CStringGetTextDatum(row->identity);
	writing->columns[OBJECT_COMPONENT][n] = CStringGetTextDatum(mig_component_name(row->component));
	writing->columns[OBJECT_HASH][n] = CStringGetTextDatum(mig_snapshot_hash_text(row));
	writing->columns[OBJECT_DEFINITION][n] = CStringGetTextDatum(row->definition);
	MemoryContextSwitchTo(caller);
	if (writing->n == BATCH)
		flush(writing);
}

static void
delete_row(Writing *writing, ItemPointer place)
{
	writing->gone[writing->ngone++] = PointerGetDatum(place);
	if (writing->ngone == BATCH)
		flush(writing);
}

static bool
same_row(const MigSnapshotRow *a, const MigSnapshotRow *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->major == b->major && memcmp(a->hash, b->hash, MIG_SNAPSHOT_HASH) == 0;
}

/* The row of a sorted snapshot that is equal to key, from *next on. */
static const MigSnapshotRow *
find_row(const MigSnapshot *snapshot, int *next, const MigSnapshotRow *key)
{
	while (snapshot != NULL && *next < snapshot->nrows)
	{
		const MigSnapshotRow *row = &snapshot->rows[*next];
		int			order = mig_snapshot_row_cmp(row, key);

		if (order > 0)
			break;
		(*next)++;
		if (order == 0)
			return row;
	}
	return NULL;
}

/*
 * Bring the rows of the reference to where now is, as far as that is not as
 * it was in base.  Without a base all of it counts.  False: it depends on
 * another transaction whether it is there.
 */
static bool
patch(const MigReference *reference, const MigSnapshot *base, const MigSnapshot *now)
{
	const MigSnapshot *rows = reference->rows;
	int			next_base = 0;
	int			i = 0;
	int			j = 0;
	Writing		writing;
	MigVisit	visit;

	begin_writing(&writing);
	visit = mig_enter();
	while (i < rows->nrows || j < now->nrows)
	{
		int			order = i == rows->nrows ? 1 : j == now->nrows ? -1 :
			mig_snapshot_row_cmp(&rows->rows[i], &now->rows[j]);
		const MigSnapshotRow *old = order <= 0 ? &rows->rows[i] : NULL;
		const MigSnapshotRow *new = order >= 0 ? &now->rows[j] : NULL;
		const MigSnapshotRow *found = find_row(base, &next_base, old ? old : new);

		CHECK_FOR_INTERRUPTS();
		/* what another major version has worded is worded anew */
		if (!same_row(old, new) &&
			(base == NULL || !same_row(found, new) ||
			 (old && new && old->major != new->major)))
		{
			if (old != NULL)
				delete_row(&writing, &rows->rows[i].place);
			if (new != NULL)
				write_row(&writing, new);
		}
		i += order <= 0;
		j += order >= 0;
	}
	for (i = 0; i < reference->ntwins; i++)
		delete_row(&writing, &reference->twins[i]);
	flush(&writing);
	mig_leave(&visit);
	MemoryContextDelete(writing.context);
	return !writing.skipped;
}

/*
 * mig_reference_read
 *		The reference without its rows, in the current memory context; NULL if
 *		there is none.
 */
MigReference *
mig_reference_read(void)
{
	MigReference *reference = NULL;
	MigVisit	visit = mig_enter();

	if (mig_read_query(Q_REFERENCE, NULL) > 0)
	{
		HeapTuple	tuple = SPI_tuptable->vals[0];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;

		reference = MemoryContextAllocZero(visit.caller, sizeof(MigReference));
		reference->since = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 1, &isnull));
		reference->snapshot = mig_text_field(&visit, 0, 2);
		reference->stamp = (uint64) DatumGetInt64(SPI_getbinval(tuple, desc, 3, &isnull));
		reference->has_stamp = !isnull;
		reference->version = mig_text_field(&visit, 0, 4);
	}
	mig_leave(&visit);
	return reference;
}

static void
read_rows(MigReference *reference, bool definitions)
{
	Datum		values[1] = {BoolGetDatum(definitions)};
	const char *kind = "";
	MigVisit	visit = mig_enter();
	uint64		n = mig_read_query(Q_OBJECTS, values);
	uint64		i;

	MemoryContextSwitchTo(visit.caller);
	reference->rows = mig_snapshot_new(0);
	for (i = 0; i < n; i++)
	{
		char	   *this_kind = mig_text_field(&visit, i, 2);
		MigComponent component;
		MigSnapshotRow *row;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		if (strcmp(kind, this_kind) != 0)
			kind = this_kind;
		else
			pfree(this_kind);
		if (!mig_component_of(mig_text_field(&visit, i, 4), &component))
			elog(ERROR, "the reference has an unknown component");
		row = mig_snapshot_add(reference->rows, kind, mig_text_field(&visit, i, 3), component);
		if (!mig_snapshot_set_hash(row, mig_text_field(&visit, i, 5)))
			elog(ERROR, "the reference has a malformed hash");
		row->definition = mig_text_field(&visit, i, 6);
		ItemPointerCopy((ItemPointer) DatumGetPointer(SPI_getbinval(SPI_tuptable->vals[i],
																	SPI_tuptable->tupdesc, 1, &isnull)),
						&row->place);
	}
	mig_leave(&visit);
	mig_snapshot_sort(reference->rows);
}

/*
 * Runs that have not left their snapshot: the jobs, or 0, of those that have
 * ended, and whether others than this one are going on.
 */
static List *
lost_runs(int64 own, bool *others)
{
	MigVisit	visit = mig_enter();
	uint64		n = mig_read_query(Q_UNSETTLED, NULL);
	int64	   *jobs = MemoryContextAlloc(visit.caller, sizeof(int64) * (n + 1));
	List	   *lost = NIL;
	uint64		i;

	for (i = 0; i < n; i++)
		jobs[i] = mig_int_field(i, 1, 0);
	mig_leave(&visit);
	*others = false;
	for (i = 0; i < n; i++)
	{
		if (jobs[i] == 0 || (jobs[i] != own && mig_job_pid(jobs[i]) == 0))
			lost = lappend(lost, &jobs[i]);
		else if (jobs[i] != own)
			*others = true;
	}
	return lost;
}

/*
 * Where two runs have written a component, the row counts that is as it is
 * now, if there is one.
 */
static void
settle_twins(MigReference *reference, const MigSnapshot *now)
{
	MigSnapshot *rows = reference->rows;
	int			next = 0;
	int			kept = 0;
	int			i = 0;

	while (i < rows->nrows)
	{
		const MigSnapshotRow *found;
		int			end = i + 1;
		int			right = i;
		int			k;

		while (end < rows->nrows && mig_snapshot_row_cmp(&rows->rows[i], &rows->rows[end]) == 0)
			end++;
		if (end > i + 1)
		{
			found = find_row(now, &next, &rows->rows[i]);
			for (k = i; k < end; k++)
			{
				if (same_row(&rows->rows[k], found))
					right = k;
			}
			if (reference->twins == NULL)
				reference->twins = palloc_extended(sizeof(ItemPointerData) * rows->nrows,
												   MCXT_ALLOC_HUGE);
			for (k = i; k < end; k++)
			{
				if (k != right)
					reference->twins[reference->ntwins++] = rows->rows[k].place;
			}
		}
		rows->rows[kept++] = rows->rows[right];
		i = end;
	}
	rows->nrows = kept;
}

/*
 * mig_reference_and_now
 *		The reference with its rows, none if there is none, and what there is
 *		now; both are as at one moment, as far as runs are concerned.
 *
 * If others end all the time the reference is older, so that nothing is taken
 * for dropped that is not.  Others: there may be what a run has done that is
 * not in the reference yet.
 */
MigReference *
mig_reference_and_now(int without, bool definitions, MigSnapshot **now, bool *others)
{
	MemoryContext caller = CurrentMemoryContext;
	MigReference *reference;
	int			attempts = 0;
	bool		settled;

	do
	{
		MemoryContext context = AllocSetContextCreate(caller, "migrate reference",
													  ALLOCSET_DEFAULT_SIZES);
		MigReference *after;

		MemoryContextSwitchTo(context);
		reference = mig_reference_read();
		if (reference == NULL)
			reference = palloc0(sizeof(MigReference));
		read_rows(reference, definitions);
		*now = mig_snapshot_take(without);
		/* who goes on by now, and has left no snapshot when it is looked for */
		if (lost_runs(0, others) != NIL)
			*others = true;
		after = mig_reference_read();
		settled = after == NULL || (reference->version != NULL &&
									strcmp(reference->version, after->version) == 0);
		if (settled || ++attempts == ATTEMPTS)
			settle_twins(reference, *now);
		MemoryContextSwitchTo(caller);
		if (!settled && attempts < ATTEMPTS)
			MemoryContextDelete(context);
	} while (!settled && attempts < ATTEMPTS);
	*others = *others || !settled;
	return reference;
}

/*
 * mig_reference_compare
 *		What is not as the reference has it, wordings of other versions apart.
 */
MigDifference *
mig_reference_compare(const MigReference *reference, const MigSnapshot *now, int *n)
{
	int			all;
	int			i;
	MigDifference *differences = mig_snapshot_compare(reference->rows, now, &all);

	*n = 0;
	for (i = 0; i < all; i++)
	{
		if (differences[i].change != MIG_NOT_COMPARABLE)
			differences[(*n)++] = differences[i];
	}
	return differences;
}

/* Hold the reference, alone or with others that end runs. */
static void
lock_reference(bool alone)
{
	MigVisit	visit = mig_enter();

	mig_run_query(alone ? Q_REFERENCE_LOCK : Q_REFERENCE_SHARE, NULL, NULL);
	mig_leave(&visit);
}

static void
set_reference(const char *project, const char *origin, int64 job, bool stamped, uint64 stamp)
{
	MigVisit	visit = mig_enter();
	Datum		values[4];
	bool		nulls[4] = {false};

	values[0] = mig_text_datum(project, &nulls[0]);
	values[1] = mig_text_datum(origin, &nulls[1]);
	values[2] = Int64GetDatum(job);
	nulls[2] = job == 0;
	values[3] = Int64GetDatum((int64) stamp);
	nulls[3] = !stamped;
	mig_run_query(Q_REFERENCE_SET, values, nulls);
	mig_run_query(Q_REFERENCE_CLEAR, NULL, NULL);
	mig_leave(&visit);
}

static void
add_unsettled(const char *project, int64 job)
{
	MigVisit	visit = mig_enter();
	Datum		values[2] = {CStringGetTextDatum(project), Int64GetDatum(job)};

	mig_run_query(Q_UNSETTLED_ADD, values, NULL);
	mig_leave(&visit);
}

static void
forget_runs(const List *jobs)
{
	ListCell   *lc;

	foreach(lc, jobs)
	{
		Datum		values[1] = {Int64GetDatum(*(int64 *) lfirst(lc))};
		MigVisit	visit = mig_enter();

		mig_run_query(Q_UNSETTLED_REMOVE, values, NULL);
		mig_leave(&visit);
	}
}

/* How many objects differ, parts of others not counted; and the first ones. */
static int
list_objects(const MigDifference *differences, int n, int limit, StringInfo list)
{
	const MigSnapshotRow *last = NULL;
	int			objects = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		const MigDifference *difference = &differences[i];
		const MigSnapshotRow *row = difference->before ? difference->before : difference->after;

		if (difference->part_of != NULL ||
			(last != NULL && strcmp(last->kind, row->kind) == 0 &&
			 strcmp(last->identity, row->identity) == 0))
			continue;
		last = row;
		if (++objects <= limit && list != NULL)
			appendStringInfo(list, "%s%s %s: %s", objects > 1 ? "\n" : "", row->kind,
							 row->identity, mig_change_name(difference->change));
	}
	if (objects > limit && list != NULL)
		appendStringInfo(list, "\nand %d more", objects - limit);
	return objects;
}

/*
 * mig_reference_replace
 *		Make what there is now the reference; how many objects were otherwise,
 *		if there was one.  The first of them go to a list, if there is one.
 */
int
mig_reference_replace(const char *project, const char *origin, int limit, StringInfo list)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate reference",
												  ALLOCSET_DEFAULT_SIZES);
	MigReference *reference;
	MigSnapshot *now;
	uint64		stamp;
	bool		others;
	int			n = 0;

	MemoryContextSwitchTo(context);
	lock_reference(true);
	stamp = mig_snapshot_stamp();
	reference = mig_reference_and_now(0, false, &now, &others);
	if (reference->version != NULL)
	{
		MigDifference *differences = mig_reference_compare(reference, now, &n);

		n = list_objects(differences, n, limit, list);
	}
	(void) patch(reference, NULL, now);
	set_reference(project, origin, 0, true, stamp);
	forget_runs(lost_runs(0, &others));
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return n;
}

/*
 * mig_reference_begin
 *		Make what there is now the reference if there is none yet.
 */
void
mig_reference_begin(const char *project)
{
	if (mig_drift != MIG_DRIFT_OFF && mig_reference_read() == NULL)
		(void) mig_reference_replace(project, "baseline", 0, NULL);
}

/* Say, or raise, that there is drift. */
static void
report_drift(const MigDifference *differences, int n)
{
	StringInfoData list;
	int			objects;

	if (mig_drift < MIG_DRIFT_WARN)
		return;
	initStringInfo(&list);
	objects = list_objects(differences, n, LISTED, &list);
	ereport(mig_drift == MIG_DRIFT_ERROR ? ERROR : WARNING,
			(errcode(ERRCODE_MIG_DRIFT),
			 errmsg_plural("%d object is not as the last run has left it",
						   "%d objects are not as the last run has left them",
						   objects, objects),
			 errdetail_internal("%s", list.data),
			 errhint("%smigrate_drift() shows them all, migrate_accept_drift() takes them as they are, and migrate.drift says what a run does about them.",
					 mig_drift == MIG_DRIFT_ERROR ? "Nothing was run. " : "")));
}

/* How the run finds the database, where that is not as the reference has it. */
static void
look_for_drift(MigTracking *tracking)
{
	MigReference *reference = mig_reference_read();
	MigSnapshot *now;
	MigDifference *differences;
	bool		others;
	int			n;

	/* where a run was lost, nobody knows what of all this was its work */
	if (reference == NULL || lost_runs(0, &others) != NIL ||
		(reference->has_stamp && mig_snapshot_stamp() == reference->stamp))
		return;
	reference = mig_reference_and_now(0, false, &now, &others);
	differences = mig_reference_compare(reference, now, &n);
	if (n > 0)
	{
		/* what another project's run has committed so far is not known yet */
		if (!others)
			report_drift(differences, n);
		tracking->base = now;
	}
}

/* Leave the reference as the run leaves the database. */
static void
leave_snapshot(MigTracking *tracking)
{
	bool		others;
	List	   *lost = lost_runs(tracking->job, &others);
	MigReference *reference;
	uint64		stamp;

	if (tracking->base != NULL)
		lost = NIL;
	if (tracking->job != 0)
		lost = lappend(lost, &tracking->job);
	forget_runs(lost);
	lock_reference(false);
	/* first, so that what comes in between differs */
	stamp = mig_snapshot_stamp();
	reference = mig_reference_read();
	if (tracking->base != NULL || reference == NULL || !reference->has_stamp ||
		reference->stamp != stamp)
	{
		MigSnapshot *now;

		reference = mig_reference_and_now(0, false, &now, &others);
		if (!patch(reference, tracking->base, now))
			add_unsettled(tracking->project, 0);
		set_reference(tracking->project, tracking->job != 0 ? "deploy" : "apply",
					  tracking->job, tracking->base == NULL, stamp);
	}
}

typedef struct Attempt
{
	void		(*action) (MigTracking *tracking);
	MigTracking *tracking;
} Attempt;

static void
act(void *arg)
{
	Attempt    *attempt = (Attempt *) arg;
	int			nest = mig_limit_lock_waits(LockTimeout > 0 ?
											Min(LockTimeout, TRACKING_LOCK_TIMEOUT) :
											TRACKING_LOCK_TIMEOUT);

	MemoryContextSwitchTo(attempt->tracking->context);
	attempt->action(attempt->tracking);
	AtEOXact_GUC(false, nest);
}

/*
 * Do something in a subtransaction, and do not wait for long; on failure say
 * so and return false, unless drift is an error or the session is to stop.
 */
static bool
attempt(void (*action) (MigTracking *tracking), MigTracking *tracking, const char *what)
{
	Attempt		attempt = {action, tracking};
	ErrorData  *error = mig_subtransaction(act, &attempt, true);

	if (error == NULL)
		return true;
	if ((mig_drift == MIG_DRIFT_ERROR && action == look_for_drift) || mig_is_interrupt(error))
		ReThrowError(error);
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("%s: %s", what, error->message),
			 error->detail ? errdetail_internal("%s", error->detail) : 0,
			 errhint("The run is not affected. What changes until the next run has ended will not be seen as drift.")));
	FreeErrorData(error);
	return false;
}

/*
 * mig_tracking_begin
 *		Before a run: has anybody else changed the database since the last one?
 *
 * Raises an error for that, or warns, as migrate.drift says.
 */
void
mig_tracking_begin(MigTracking *tracking, const char *project, int64 job)
{
	memset(tracking, 0, sizeof(MigTracking));
	if (mig_drift == MIG_DRIFT_OFF)
		return;
	tracking->job = job;
	tracking->project = project;
	tracking->context = AllocSetContextCreate(CurrentMemoryContext, "migrate tracking",
											  ALLOCSET_DEFAULT_SIZES);
	if (!attempt(look_for_drift, tracking, "could not look for drift"))
		tracking->base = NULL;
	if (tracking->base == NULL)
		MemoryContextReset(tracking->context);
	if (job != 0)
		add_unsettled(project, job);
	tracking->on = true;
}

/*
 * mig_tracking_end
 *		After a run: make what it has changed the reference.
 */
void
mig_tracking_end(MigTracking *tracking)
{
	if (!tracking->on)
		return;
	if (!attempt(leave_snapshot, tracking,
				 "could not keep a snapshot of what the run has left") &&
		tracking->job == 0)
		add_unsettled(tracking->project, 0);
	MemoryContextDelete(tracking->context);
	tracking->on = false;
}
