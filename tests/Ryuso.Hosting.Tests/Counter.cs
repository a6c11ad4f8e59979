namespace Parcels;

public static partial class Counter
{
    public static partial SendOutputs Send() => new(true);
}
