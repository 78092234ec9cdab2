/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  What runs, in which order.
 *
 * Takes the migrations as the catalog lists them, sorted by what runs first, and a
 * target; gives the steps.  Pure: no SPI, no locks, any transaction state.
 * Memory is the caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

/* How many migrations a message lists before it only counts. */
#define LISTED 10

enum
{
	MARK_NONE,
	MARK_OPEN,					/* on the way from a migration to its needs */
	MARK_DONE
};

/* Which of the needed ones come along. */
typedef enum Wanted
{
	WANT_PENDING,
	WANT_APPLIED,
	WANT_ALL
} Wanted;

typedef struct Steps
{
	MigStep    *steps;
	int			n;
} Steps;

/* How a migration was reached from those that need it. */
typedef struct Path
{
	MigEntry   *entry;
	const struct Path *from;
} Path;

typedef struct NameEntry
{
	const char *name;			/* hash key: the pointed-to text */
	MigEntry   *entry;
} NameEntry;

/*
 * mig_label
 *		A migration as messages name it: version_name, or the version alone
 *		where that ends in the name already.  palloc'd.
 */
char *
mig_label(const char *version, const char *name)
{
	size_t		before = strlen(version) - Min(strlen(name), strlen(version));

	if (strcmp(version + before, name) == 0 &&
		(before == 0 || version[before - 1] == '_'))
		return pstrdup(version);
	return psprintf("%s_%s", version, name);
}

/*
 * mig_step_side
 *		The direction of its migration that a step runs.
 */
const MigSide *
mig_step_side(const MigStep *step)
{
	return step->action == MIG_ROLLBACK ? &step->entry->down : &step->entry->up;
}

/*
 * mig_step_worker
 *		Why a step cannot run in a caller's transaction, or NULL.
 */
const char *
mig_step_worker(const MigStep *step)
{
	if (step->action == MIG_COVER)
		return NULL;
	if (step->entry->unfinished != '\0')
		return psprintf("%d of %d statements are done", step->entry->done, step->entry->total);
	return mig_step_side(step)->worker;
}

/*
 * mig_step_label
 *		The label of a step's migration.  palloc'd.
 */
char *
mig_step_label(const MigStep *step)
{
	return mig_label(step->entry->version, step->entry->name);
}

static char *
entry_label(const MigEntry *entry)
{
	return mig_label(entry->version, entry->name);
}

static char *
list_labels(List *entries)
{
	StringInfoData buf;
	ListCell   *lc;
	int			n = 0;

	initStringInfo(&buf);
	foreach(lc, entries)
	{
		MigEntry   *entry = (MigEntry *) lfirst(lc);

		if (n == LISTED)
		{
			appendStringInfo(&buf, " and %d more", list_length(entries) - n);
			break;
		}
		appendStringInfo(&buf, "%s%s", n++ > 0 ? ", " : "", entry_label(entry));
		if (entry->up.path)
			appendStringInfo(&buf, " (%s)", entry->up.path);
	}
	return buf.data;
}

static MigEntry *
find_key(MigEntry *entries, int n, const bytea *key)
{
	int			low = 0;
	int			high = n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;
		MigEntry   *entry = &entries[entries[middle].by_key];
		int			order = mig_key_cmp(entry->key, key);

		if (order == 0)
			return entry;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/*
 * mig_plan_find
 *		The migration with that version, or the repeatable of that name; NULL
 *		if there is none.
 */
MigEntry *
mig_plan_find(MigEntry *entries, int n, const char *version)
{
	MigEntry   *entry;

	entry = find_key(entries, n, mig_version_key(MIG_KIND_VERSIONED, version));
	if (entry == NULL)
		entry = find_key(entries, n, mig_version_key(MIG_KIND_REPEATABLE, version));
	return entry;
}

static MigEntry *
find_tag(MigEntry *entries, int n, const char *tag)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		ListCell   *lc;

		foreach(lc, entries[i].tags)
		{
			if (strcmp((char *) lfirst(lc), tag) == 0)
				return &entries[i];
		}
	}
	return NULL;
}

/* A repeatable that comes after all versions, rather than in a place. */
static bool
is_floating(const MigEntry *entry)
{
	return entry->kind == MIG_KIND_REPEATABLE && !entry->placed;
}

/* Is a repeatable to be run? */
static bool
is_due(const MigEntry *entry)
{
	return entry->registered && (entry->always || !(entry->applied && entry->settled));
}

static bool
is_wanted(const MigEntry *entry, Wanted wanted)
{
	return wanted == WANT_ALL || entry->applied == (wanted == WANT_APPLIED);
}

/*
 * Resolve "requires" into pointers: a version first, else a name.  Where only
 * the applied ones count, what is missing is no reason to stop.
 */
static void
link_needs(MigEntry *entries, int n, Wanted wanted)
{
	HTAB	   *names = NULL;
	int			i;

	for (i = 0; i < n; i++)
	{
		MigEntry   *entry = &entries[i];
		ListCell   *lc;

		entry->needs = NIL;
		if (!is_wanted(entry, wanted))
			continue;
		foreach(lc, entry->requires)
		{
			char	   *required = (char *) lfirst(lc);
			MigEntry   *needed;

			if (required[0] == '!')
				continue;
			needed = mig_plan_find(entries, n, required);
			if (needed == NULL)
			{
				NameEntry  *named;

				if (names == NULL)
				{
					int			j;

					names = mig_string_table("migrate names", sizeof(NameEntry), n);
					for (j = 0; j < n; j++)
					{
						named = hash_search(names, &entries[j].name, HASH_ENTER, NULL);
						named->entry = &entries[j];
					}
				}
				named = hash_search(names, &required, HASH_FIND, NULL);
				needed = named ? named->entry : NULL;
			}
			if (needed == NULL && wanted == WANT_APPLIED)
				continue;
			if (needed == NULL)
				ereport(ERROR,
						(errcode(ERRCODE_MIG_DEPENDENCY),
						 errmsg("migration %s requires \"%s\", which is not registered",
								entry_label(entry), required),
						 strchr(required, ':') ?
						 errhint("If it is one of another project, apply it there first; otherwise register it, or correct the list of requirements.") :
						 errhint("Register it, or correct the list of requirements.")));
			entry->needs = lappend(entry->needs, needed);
		}
	}
}

static void
add_step(Steps *steps, MigEntry *entry, MigAction action)
{
	steps->steps[steps->n].entry = entry;
	steps->steps[steps->n].action = action;
	steps->steps[steps->n].covered = false;
	steps->n++;
}

static void
refuse_circle(const MigEntry *entry, const Path *path)
{
	char	   *circle = entry_label(entry);

	/* the path leads back from here to where it was entered */
	for (; path->entry != entry; path = path->from)
		circle = psprintf("%s -> %s", entry_label(path->entry), circle);
	ereport(ERROR,
			(errcode(ERRCODE_MIG_DEPENDENCY),
			 errmsg("migration %s requires itself", entry_label(entry)),
			 errdetail("Each requires the next: %s -> %s.", entry_label(entry), circle),
			 errhint("Take one of the requirements out of the circle.")));
}

/* Add a migration after everything that it needs, of the wanted ones. */
static void
visit_from(Steps *steps, MigEntry *entry, Wanted wanted, const Path *from)
{
	Path		path = {entry, from};
	ListCell   *lc;

	check_stack_depth();
	if (entry->mark == MARK_DONE)
		return;
	if (entry->mark == MARK_OPEN)
		refuse_circle(entry, from);
	entry->mark = MARK_OPEN;
	foreach(lc, entry->needs)
	{
		MigEntry   *needed = (MigEntry *) lfirst(lc);

		if (is_wanted(needed, wanted))
			visit_from(steps, needed, wanted, &path);
	}
	entry->mark = MARK_DONE;
	add_step(steps, entry, MIG_APPLY);
}

static void
visit(Steps *steps, MigEntry *entry, Wanted wanted)
{
	visit_from(steps, entry, wanted, NULL);
}

static void
begin_steps(Steps *steps, MigEntry *entries, int n)
{
	int			i;

	steps->steps = palloc_extended((n + 1) * sizeof(MigStep), MCXT_ALLOC_HUGE);
	steps->n = 0;
	for (i = 0; i < n; i++)
		entries[i].mark = MARK_NONE;
}

static int64
parse_count(const char *target)
{
	char	   *end;
	long long	count;

	errno = 0;
	count = strtoll(target + 1, &end, 10);
	if (end == target + 1 || *end != '\0' || errno != 0 || count < 1 ||
		target[1] == '-' || target[1] == '+')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid target \"%s\"", target),
				 errdetail("A target is a version, +N, -N or base.")));
	return count;
}

static bool
is_down_target(const char *target)
{
	return target != NULL && (target[0] == '-' || strcmp(target, "base") == 0);
}

/* The version that a target names, itself or by a tag; it must be known. */
static MigEntry *
target_entry(MigEntry *entries, int n, const char *target)
{
	MigEntry   *entry = target[0] == '@' ? find_tag(entries, n, target + 1) : NULL;

	if (entry == NULL)
		entry = find_key(entries, n, mig_version_key(MIG_KIND_VERSIONED, target));
	if (entry == NULL)
		entry = find_key(entries, n, mig_version_key(MIG_KIND_BASELINE, target));
	if (entry == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNKNOWN_VERSION),
				 errmsg("version \"%s\" is not registered", target),
				 errhint("A target is a version that migrate_status lists, a tag with @ before it, +N, -N or base.")));
	return entry;
}

/*
 * mig_version_above
 *		Does one come after the other, whatever of them is a baseline?
 *
 * Compared without the byte that tells baselines from versions.
 */
bool
mig_version_above(const MigEntry *a, const MigEntry *b)
{
	int			alen = VARSIZE_ANY_EXHDR(a->order) - 1;
	int			blen = VARSIZE_ANY_EXHDR(b->order) - 1;
	int			order = memcmp(VARDATA_ANY(a->order) + 1, VARDATA_ANY(b->order) + 1,
							   Min(alen, blen));

	return order > 0 || (order == 0 && alen > blen);
}

/*
 * Which pending migrations up to the limit are late: those that an applied
 * one comes after, in the order that all of them have together.
 */
static void
find_late(MigEntry *entries, int n, const MigEntry *limit)
{
	Steps		order;
	bool		late = false;
	int			i;

	begin_steps(&order, entries, n);
	for (i = 0; i < n; i++)
	{
		if (entries[i].kind != MIG_KIND_REPEATABLE &&
			(entries[i].applied || limit == NULL || !mig_version_above(&entries[i], limit)))
			visit(&order, &entries[i], WANT_ALL);
	}
	for (i = order.n - 1; i >= 0; i--)
	{
		MigEntry   *entry = order.steps[i].entry;

		if (entry->kind == MIG_KIND_REPEATABLE)
			continue;
		if (entry->applied)
			late = true;
		else
			entry->late = late && entry->unfinished == '\0' && !entry->may_wait;
	}
}

static void
refuse_changed(MigEntry *entries, int n)
{
	List	   *changed = NIL;
	int			i;

	for (i = 0; i < n; i++)
	{
		MigEntry   *entry = &entries[i];

		if (entry->registered && entry->applied && !entry->settled &&
			entry->kind == MIG_KIND_VERSIONED)
			changed = lappend(changed, entry);
	}
	if (changed != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_CHANGED),
				 errmsg_plural("%d applied migration was changed after it ran",
							   "%d applied migrations were changed after they ran",
							   list_length(changed), list_length(changed)),
				 errdetail("Changed: %s.", list_labels(changed)),
				 errhint("Nothing was run. Register the text that ran, and put the change in a new migration; or accept the new text with migrate_repair().")));
}

/* What a worker has half done must be finished first, in its direction. */
static void
refuse_unfinished(MigEntry *entries, int n, char direction)
{
	bool		up = direction == 'u';
	int			i;

	for (i = 0; i < n; i++)
	{
		if (entries[i].unfinished == direction)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_HALF_DONE),
					 errmsg("migration %s is half %s", entry_label(&entries[i]),
							up ? "applied" : "rolled back"),
					 errdetail("%d of %d statements of its %s script are done.",
							   entries[i].done, entries[i].total, up ? "up" : "down"),
					 errhint("Nothing was run. CALL %s() goes on with it; or finish or undo it by hand, and say so with migrate_mark() or migrate_unmark().",
							 up ? "migrate_deploy" : "migrate_undo")));
	}
}

/* What only another tool can run must have been run by it. */
static void
refuse_holes(const MigPlan *plan)
{
	int			i;

	for (i = 0; i < plan->nsteps; i++)
	{
		const MigEntry *entry = plan->steps[i].entry;

		if (entry->hole && plan->steps[i].action == MIG_APPLY)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_HOLE),
					 errmsg("migration %s cannot be run here: %s",
							entry_label(entry), entry->hole),
					 entry->up.path ? errdetail("Its file is \"%s\".", entry->up.path) : 0,
					 i == 0 ?
					 errhint("Nothing was run. Run it with its own tool, and say so with migrate_mark(%s, 'reason').",
							 quote_literal_cstr(entry->version)) :
					 errhint("Nothing was run. The %d before it can be applied with the target +%d; then run it with its own tool, and say so with migrate_mark(%s, 'reason').",
							 i, i, quote_literal_cstr(entry->version))));
	}
}

/* "!x" among the requirements: not while that is applied. */
static void
refuse_conflicts(MigEntry *entries, int n, const MigPlan *plan)
{
	int			i;

	/* a mark is set on what the plan applies, as they are come by */
	for (i = 0; i < n; i++)
		entries[i].mark = MARK_NONE;
	for (i = 0; i < plan->nsteps; i++)
	{
		MigEntry   *entry = plan->steps[i].entry;
		ListCell   *lc;

		foreach(lc, entry->requires)
		{
			const char *required = (const char *) lfirst(lc);
			const MigEntry *other;

			if (required[0] != '!')
				continue;
			other = mig_plan_find(entries, n, required + 1);
			if (other == NULL && strchr(required, ':'))
				ereport(ERROR,
						(errcode(ERRCODE_MIG_DEPENDENCY),
						 errmsg("migration %s conflicts with \"%s\", which is applied",
								entry_label(entry), required + 1),
						 errhint("Nothing was run. It is of another project: roll it back there first, or take the conflict out.")));
			if (other && (other->applied || other->mark == MARK_DONE))
				ereport(ERROR,
						(errcode(ERRCODE_MIG_DEPENDENCY),
						 errmsg("migration %s conflicts with %s, which %s", entry_label(entry),
								entry_label(other),
								other->applied ? "is applied" : "would be applied before it"),
						 errhint("Nothing was run. Roll that back first, or take the conflict out.")));
		}
		entry->mark = MARK_DONE;
	}
}

/*
 * mig_plan_up
 *		The steps from here up to the target: NULL for everything, a version,
 *		or +N.
 *
 * Raises an error for a changed migration, an unknown target, a requirement
 * that cannot be met, and, by policy, for migrations out of order.
 */
MigPlan *
mig_plan_up(MigEntry *entries, int n, const char *target, MigPolicy policy)
{
	MigPlan    *plan = palloc0(sizeof(MigPlan));
	Steps		steps;
	MigEntry   *limit = NULL;
	MigEntry   *highest = NULL;
	MigEntry   *baseline = NULL;
	List	   *out_of_order = NIL;
	int64		count = -1;
	bool		left_over = false;
	ListCell   *lc;
	int			i;

	if (is_down_target(target))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target \"%s\" leads down", target),
				 errhint("migrate_rollback() goes down, and CALL migrate_undo() does so through a worker.")));
	if (target != NULL && target[0] == '+')
		count = parse_count(target);
	else if (target != NULL)
		limit = target_entry(entries, n, target);

	refuse_unfinished(entries, n, 'd');
	refuse_changed(entries, n);
	link_needs(entries, n, WANT_ALL);
	for (i = 0; i < n; i++)
	{
		if (entries[i].applied && entries[i].kind != MIG_KIND_REPEATABLE)
			highest = &entries[i];
	}
	if (highest != NULL)
		find_late(entries, n, limit);
	begin_steps(&steps, entries, n);

	/* on an empty database the highest baseline script comes first */
	if (highest == NULL)
	{
		for (i = 0; i < n && entries[i].kind == MIG_KIND_BASELINE; i++)
		{
			if (limit == NULL || !mig_version_above(&entries[i], limit))
				baseline = &entries[i];
		}
		if (baseline != NULL)
			add_step(&steps, baseline, MIG_APPLY);
	}

	for (i = 0; i < n; i++)
	{
		MigEntry   *entry = &entries[i];

		if (entry->kind == MIG_KIND_REPEATABLE ? !entry->placed || !is_due(entry) :
			entry->kind != MIG_KIND_VERSIONED || entry->applied)
			continue;
		if (baseline != NULL && !mig_version_above(entry, baseline))
		{
			entry->mark = MARK_DONE;
			add_step(&steps, entry, MIG_COVER);
			if (!mig_version_above(baseline, entry))
				steps.steps[0].covered = true;
			continue;
		}
		if (limit != NULL && mig_version_above(entry, limit))
		{
			left_over = true;
			continue;
		}
		if (entry->late)
		{
			out_of_order = lappend(out_of_order, entry);
			if (policy == MIG_ORDER_SKIP)
				continue;
		}
		visit(&steps, entry, WANT_PENDING);
	}

	if (out_of_order != NIL && policy == MIG_ORDER_ERROR)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_OUT_OF_ORDER),
				 errmsg_plural("%d pending migration is out of order",
							   "%d pending migrations are out of order",
							   list_length(out_of_order), list_length(out_of_order)),
				 errdetail("Lower than the applied version %s: %s.",
						   highest->version, list_labels(out_of_order)),
				 errhint("Nothing was run. Give each a higher version, or set migrate.out_of_order to allow or skip.")));

	/* repeatables see the schema complete, or wait until it is */
	if (!left_over)
	{
		for (i = 0; i < n; i++)
		{
			MigEntry   *entry = &entries[i];

			if (is_floating(entry) && is_due(entry))
				visit(&steps, entry, WANT_PENDING);
		}
	}

	/* unless another one needs it */
	foreach(lc, out_of_order)
	{
		if (((MigEntry *) lfirst(lc))->mark != MARK_DONE)
			plan->skipped = lappend(plan->skipped, lfirst(lc));
	}

	plan->steps = steps.steps;
	plan->nsteps = count >= 0 && count < steps.n ? (int) count : steps.n;
	refuse_holes(plan);
	refuse_conflicts(entries, n, plan);
	return plan;
}

static void
refuse_list(List *entries, int sqlstate, const char *message, const char *hint)
{
	if (entries != NIL)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("%s: %s", message, list_labels(entries)),
				 errhint("Nothing was run. %s", hint)));
}

/* Something that a migration needs and that is marked, or NULL. */
static MigEntry *
needs_marked(const MigEntry *entry)
{
	ListCell   *lc;

	foreach(lc, entry->needs)
	{
		if (((MigEntry *) lfirst(lc))->mark == MARK_DONE)
			return (MigEntry *) lfirst(lc);
	}
	return NULL;
}

/*
 * mig_plan_down
 *		The steps from here down to the target: NULL for one step, -N, a
 *		version that stays, or base.
 *
 * A repeatable with a down script goes before a version that it requires,
 * and on the way to base.
 *
 * Raises an error before anything can run if a step has no down script, was
 * never run here, or is needed by a migration that stays.
 */
MigPlan *
mig_plan_down(MigEntry *entries, int n, const char *target)
{
	MigPlan    *plan = palloc0(sizeof(MigPlan));
	Steps		order;
	Steps		steps;
	MigEntry   *limit = NULL;
	bool		base = false;
	int64		count = -1;
	List	   *no_down = NIL;
	List	   *not_run = NIL;
	int			i;

	if (target == NULL)
		count = 1;
	else if (target[0] == '-')
		count = parse_count(target);
	else if (strcmp(target, "base") == 0)
		base = true;
	else if (target[0] == '+')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target \"%s\" leads up", target),
				 errhint("migrate_apply() goes up, and CALL migrate_deploy() does so through a worker.")));
	else
		limit = target_entry(entries, n, target);

	refuse_unfinished(entries, n, 'u');
	link_needs(entries, n, WANT_APPLIED);
	begin_steps(&order, entries, n);
	for (i = 0; i < n; i++)
	{
		if (entries[i].applied && !is_floating(&entries[i]))
			visit(&order, &entries[i], WANT_APPLIED);
	}
	for (i = 0; i < n; i++)
	{
		if (entries[i].applied && is_floating(&entries[i]) &&
			entries[i].down.exists)
			visit(&order, &entries[i], WANT_APPLIED);
	}

	/* backwards: what needs another goes before it */
	begin_steps(&steps, entries, n);
	for (i = order.n - 1; i >= 0 && count != 0; i--)
	{
		MigEntry   *entry = order.steps[i].entry;

		if (is_floating(entry) ||
			(limit != NULL && !mig_version_above(entry, limit)))
			continue;
		entry->mark = MARK_DONE;
		count--;
	}
	for (i = 0; i < order.n; i++)
	{
		MigEntry   *entry = order.steps[i].entry;

		if (is_floating(entry) && entry->down.exists &&
			(base || needs_marked(entry)))
			entry->mark = MARK_DONE;
	}
	for (i = order.n - 1; i >= 0; i--)
	{
		MigEntry   *entry = order.steps[i].entry;

		if (entry->mark != MARK_DONE)
			continue;
		add_step(&steps, entry, MIG_ROLLBACK);
		if (entry->how == 'b' || entry->kind == MIG_KIND_BASELINE)
			not_run = lappend(not_run, entry);
		else if (!entry->down.exists)
			no_down = lappend(no_down, entry);
	}

	for (i = 0; i < order.n; i++)
	{
		MigEntry   *stays = order.steps[i].entry;
		MigEntry   *goes = stays->mark == MARK_DONE ? NULL : needs_marked(stays);

		if (goes != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_DEPENDENCY),
					 errmsg("cannot roll back migration %s, because %s requires it",
							entry_label(goes), entry_label(stays)),
					 errhint("Nothing was run. Choose a target below both.")));
	}
	refuse_list(not_run, ERRCODE_MIG_NO_DOWN,
				"cannot roll back below a baseline",
				"What was there before the baseline is not this project's to undo; migrate_unmark() takes a version off the records.");
	refuse_list(no_down, ERRCODE_MIG_NO_DOWN,
				"cannot roll back without a down script",
				"Register a down script for each, or undo it by hand and record that with migrate_unmark().");

	plan->steps = steps.steps;
	plan->nsteps = steps.n;
	plan->down = true;
	return plan;
}

/*
 * mig_plan_to
 *		The steps to the target in whichever direction it lies.  A version
 *		below the current one leads down, unless it is itself pending.
 */
MigPlan *
mig_plan_to(MigEntry *entries, int n, const char *target, MigPolicy policy)
{
	if (is_down_target(target))
		return mig_plan_down(entries, n, target);
	if (target != NULL && target[0] != '+' &&
		target_entry(entries, n, target)->applied)
	{
		MigPlan    *plan = mig_plan_up(entries, n, target, policy);

		if (plan->nsteps > 0 &&
			plan->steps[0].entry->kind != MIG_KIND_REPEATABLE)
			return plan;
		return mig_plan_down(entries, n, target);
	}
	return mig_plan_up(entries, n, target, policy);
}

/*
 * mig_require_text
 *		Raise an error if an applied migration is not registered.
 */
void
mig_require_text(const MigEntry *entry)
{
	if (!entry->registered)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNKNOWN_VERSION),
				 errmsg("migration %s is applied, but its text is not registered",
						mig_label(entry->version, entry->name)),
				 errhint("Register its file, or take it off the records with migrate_unmark().")));
}
