using System.Text;
using Ryuso.Protocol;

namespace Ryuso.Tests.Server;

public class RequestScannerTests
{
    public static TheoryData<string> Documents => new(
        "{}",
        " \r\n\t{\"program\":\"p\"}",
        "\uFEFF {\"a\":1}",
        "{\"a\":\"}{][\",\"b\":[{},[],{\"c\":null}]}",
        "{\"a\\\"}\":\"\\\\\",\"b\":\"\\\\\\\"}\",\"c\":\"\\u007d\"}",
        "{\"é\":\"日本{語\",\"n\":-1.5E+10,\"t\":true,\"f\":false}");

    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_split_anywhere_ends_at_the_same_byte(string document)
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(document), .. "}garbage{"u8];
        int end = bytes.Length - "}garbage{".Length;
        for (int first = 0; first <= bytes.Length; first++)
        {
            for (int second = first; second <= bytes.Length; second++)
            {
                var scanner = new RequestFramer();
                FramingResult result = FramingResult.NeedMore;
                foreach (int length in new[] { first, second, bytes.Length })
                {
                    result = scanner.Scan(bytes.AsSpan(0, length));
                    Assert.Equal(length >= end ? FramingResult.Complete : FramingResult.NeedMore, result);
                    if (result == FramingResult.Complete)
                    {
                        break;
                    }
                }

                Assert.Equal(end, scanner.Length);
            }
        }
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("\"{}\"")]
    [InlineData(" 1")]
    [InlineData("\u00EF{}")]
    public void Document_without_an_opening_brace_is_no_object(string document) =>
        Assert.Equal(FramingResult.NotAnObject, Scan(Encoding.UTF8.GetBytes(document)));

    [Fact]
    public void Half_a_byte_order_mark_is_no_object()
    {
        Assert.Equal(FramingResult.NotAnObject, Scan([0xEF, 0xBB, (byte)'{', (byte)'}']));
        Assert.Equal(FramingResult.NotAnObject, Scan([0xEF, (byte)'{', (byte)'}']));
        Assert.Equal(FramingResult.NeedMore, Scan([0xEF, 0xBB]));
    }

    [Theory]
    [InlineData(64, FramingResult.Complete)]
    [InlineData(65, FramingResult.TooDeep)]
    [InlineData(1000, FramingResult.TooDeep)]
    public void Document_of_64_levels_is_accepted(int depth, object expected)
    {
        string document = "{\"a\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}";
        Assert.Equal(expected, Scan(Encoding.UTF8.GetBytes(document)));
    }

    [Theory]
    [InlineData("{\"a\":[}")]
    [InlineData("{]")]
    [InlineData("{hello")]
    [InlineData("{\"a\n")]
    [InlineData("{\"a\\\n")]
    public void Document_that_cannot_become_JSON_is_not_waited_for(string document) =>
        Assert.Equal(FramingResult.Broken, Scan(Encoding.UTF8.GetBytes(document)));

    private static FramingResult Scan(byte[] bytes)
    {
        var scanner = new RequestFramer();
        return scanner.Scan(bytes);
    }
}
