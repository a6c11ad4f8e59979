namespace KeyedSteps;

/// <summary>Steps that do nothing, so that what is measured is the journal.</summary>
public static partial class Work
{
    public static partial PlainOutputs Plain(PlainArgs args) => new(args.Account.Length);

    public static partial void A() { }

    public static partial void B() { }

    public static partial void C() { }

    public static partial void Undo() { }
}
