using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Pool;
using Ryuso.Recording;

namespace Ryuso.Journal.Tests.Recording;

/// <summary>What a run's events say of its pool: only what changed, and everything that did.</summary>
public sealed class PoolDeltaTests
{
    private readonly PoolSlots _slots = new(["name", "amount", "items"]);
    private readonly PoolDelta _delta;

    public PoolDeltaTests()
    {
        _delta = new PoolDelta(_slots);
        _delta.Reset();
    }

    [Fact]
    public void Pool_in_which_nothing_changed_has_no_delta()
    {
        _slots.Set(0, "ann");
        _slots.SetNode("other", JsonValue.Create(1));
        Assert.Equal("""{"name":"ann","other":1}""", _delta.Take());
        Assert.Null(_delta.Take());
    }

    [Fact]
    public void Variable_that_is_gone_is_null()
    {
        _slots.Set(0, "ann");
        _slots.SetNode("other", JsonValue.Create(1));
        _delta.Take();
        _slots.Set(0, (string?)null);
        _slots.SetNode("other", null);
        Assert.Equal("""{"name":null,"other":null}""", _delta.Take());
    }

    [Fact]
    public void List_that_was_changed_in_place_is_whole_in_the_delta()
    {
        var items = new JsonArray(1);
        _slots.SetNode(2, items);
        Assert.Equal("""{"items":[1]}""", _delta.Take());
        items.Add(2);
        Assert.Equal("""{"items":[1,2]}""", _delta.Take());
        Assert.Null(_delta.Take());
    }

    [Fact]
    public void Float_keeps_its_fraction()
    {
        _slots.Set(1, 2.0);
        _slots.SetNode("other", JsonValue.Create(3.0));
        Assert.Equal("""{"amount":2.0,"other":3.0}""", _delta.Take());
    }

    [Fact]
    public void Value_that_cannot_be_written_is_named_and_the_rest_is_in_the_delta()
    {
        _slots.SetNode("bad", new JsonObject { ["in"] = JsonValue.Create(new Unwritable()) });
        _slots.Set(0, "ann");
        Assert.Equal("""{"name":"ann"}""", _delta.Take());
        Assert.StartsWith("The variable 'bad' cannot be recorded as JSON: ", _delta.Problem, StringComparison.Ordinal);
        _slots.SetNode("bad", JsonValue.Create(1));
        Assert.Equal("""{"bad":1}""", _delta.Take());
        Assert.Null(_delta.Problem);
    }

    [Fact]
    public void Reset_delta_has_everything()
    {
        _slots.Set(0, "ann");
        _delta.Take();
        _delta.Reset();
        Assert.Equal("""{"name":"ann"}""", _delta.Take());
    }

    private sealed class Unwritable
    {
        private readonly string _why = "A value of a hook throws what it likes.";

        public string Text => throw new InsufficientExecutionStackException(_why);
    }
}
